import CSpawn
import Glibc

/// Both ends of a pipe; neither is inherited by a program unless it is made its 0, 1 or 2.
package struct PipeEnds: Sendable {
    package let readEnd: Int32
    package let writeEnd: Int32

    /// - Throws: the errno, EMFILE when this process has too many open files.
    package init() throws(SpawnError) {
        var (readEnd, writeEnd): (Int32, Int32) = (-1, -1)
        let result = unsafe samovar_pipe(&readEnd, &writeEnd)
        guard result == 0 else { throw SpawnError(code: result) }
        self.readEnd = readEnd
        self.writeEnd = writeEnd
    }

    /// Closes both ends, when no program came to use them.
    package func close() {
        Glibc.close(readEnd)
        Glibc.close(writeEnd)
    }
}
