import Foundation

/// The handler of crash histories, which notices by itself when it is not alone.
///
/// It holds kernel locks that it shares with all that it starts: one for its job, one for its lane,
/// and one of as many as its handler may run at once. The kernel lets them go with the last process,
/// however that ends; so whoever finds one held runs beside an attempt that lives.
enum CrashHandler {
    /// Called with the handler's name, its limit, and what its lane is.
    private static let script = """
        name=$1 limit=$2
        ref=$(grep -o 'heads/[a-z0-9-]*' | head -n 1)
        ref=${ref#heads/}
        case $3 in
        ref) lane=$ref ;;
        repository) lane=${ref%%-*} ;;
        *) lane= ;;
        esac
        exec 9>>"locks/job-$SAMOVAR_JOB"
        flock -n 9 || echo "job $SAMOVAR_TOKEN" >> collided
        if [ -n "$lane" ]; then
            exec 8>>"locks/$name-$lane"
            flock -n 8 || echo "lane $lane $SAMOVAR_TOKEN" >> collided
        fi
        place=
        # Twice: those before and after it may change places while it looks.
        for place in $(seq "$limit") $(seq "$limit") none; do
            [ "$place" != none ] || break
            exec 7>>"locks/$name.$place"
            ! flock -n 7 || break
        done
        [ "$place" != none ] || echo "limit $name $SAMOVAR_TOKEN" >> collided
        echo "start $SAMOVAR_TOKEN $$" >> events
        sleep 0.0$((SAMOVAR_JOB % 9))
        [ "$name" != flaky ] || [ $((SAMOVAR_ATTEMPT % 3)) = 0 ] || exit 75
        echo "end $SAMOVAR_TOKEN $$" >> events
        """

    static func write(in site: Site) throws {
        try FileManager.default.createDirectory(
            atPath: site.path("locks"),
            withIntermediateDirectories: true
        )
        try site.script("job", script)
    }
}
