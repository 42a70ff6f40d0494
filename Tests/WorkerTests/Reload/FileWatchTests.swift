import Foundation
import TestSupport
import Testing

@testable import Worker

@Suite
struct FileWatchTests {
    private func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
    }

    @Test
    func `a change counts once the file rests, and only once`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/samovar.yaml"
            try write("a", path)
            var watch = FileWatch(path)
            var looks = [watch.hasChanged()]
            try write("ab", path)
            looks.append(watch.hasChanged())
            try write("abc", path)
            looks.append(watch.hasChanged())
            #expect(looks == [false, false, false])
            looks = [watch.hasChanged()]
            watch.willRead()
            looks += [watch.hasChanged(), watch.hasChanged()]
            #expect(looks == [true, false, false])
        }
    }

    @Test
    func `a file that is replaced has changed, though it has the same size`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/samovar.yaml"
            try write("a", path)
            var watch = FileWatch(path)
            try write("b", "\(path).new")
            try #require(unsafe rename("\(path).new", path) == 0)
            let looks = [watch.hasChanged(), watch.hasChanged()]
            #expect(looks == [false, true])
        }
    }

    @Test
    func `a symbolic link that leads elsewhere is a change, and so is a file that is gone`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/samovar.yaml"
            try write("a", "\(folder)/1")
            try write("a", "\(folder)/2")
            try #require(unsafe symlink("\(folder)/1", path) == 0)
            var watch = FileWatch(path)
            try #require(unsafe unlink(path) == 0)
            var looks = [watch.hasChanged(), watch.hasChanged()]
            #expect(looks == [false, true])
            try #require(unsafe symlink("\(folder)/2", path) == 0)
            watch.willRead()
            looks = [watch.hasChanged()]
            try #require(unsafe unlink(path) == 0)
            try #require(unsafe symlink("\(folder)/1", path) == 0)
            looks += [watch.hasChanged(), watch.hasChanged()]
            #expect(looks == [false, false, true])
        }
    }
}
