// A command that counts: appends a delivery's id to a file, in one write.
// usage: tally FILE [ID]; without ID the id is $SAMOVAR_DELIVERY.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *id = argc == 3 ? argv[2] : getenv("SAMOVAR_DELIVERY");
    if (argc < 2 || argc > 3 || id == NULL) return 64;
    char line[256];
    int length = snprintf(line, sizeof line, "%s\n", id);
    if (length >= (int)sizeof line) return 65;
    int file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0 || write(file, line, length) != length) {
        perror(argv[1]);
        return 74;
    }
    return 0;
}
