/// The store's schema, as numbered SQL files beside this one, carried inside the program.
package enum Migrations {
    /// One step of the schema.
    ///
    /// Never edited once released: stores keep its checksum.
    package struct Migration: Sendable {
        package var number: Int
        /// The file's name without `.sql`.
        package var name: String
        package var sql: String

        /// FNV-1a, 64 bits, in hex: it tells an edited file from the released one, by accident and
        /// not against an attacker, who could as well edit the program.
        package var checksum: String {
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in sql.utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
            return String(hash, radix: 16)
        }
    }

    /// In order.
    ///
    /// A test compares the list with the folder.
    package static let all = [
        Migration(
            number: 1,
            name: "0001_create_queue",
            sql: String(decoding: PackageResources._001_create_queue_sql, as: UTF8.self)
        ),
        Migration(
            number: 2,
            name: "0002_pause_prune_and_replay_in_batches",
            sql: String(
                decoding: PackageResources._002_pause_prune_and_replay_in_batches_sql,
                as: UTF8.self
            )
        ),
        Migration(
            number: 3,
            name: "0003_pause_lanes_and_show_mistakes",
            sql: String(
                decoding: PackageResources._003_pause_lanes_and_show_mistakes_sql,
                as: UTF8.self
            )
        ),
        Migration(
            number: 4,
            name: "0004_refuse_numbers_out_of_range",
            sql: String(
                decoding: PackageResources._004_refuse_numbers_out_of_range_sql,
                as: UTF8.self
            )
        ),
        Migration(
            number: 5,
            name: "0005_run_suspects_alone",
            sql: String(decoding: PackageResources._005_run_suspects_alone_sql, as: UTF8.self)
        ),
        Migration(
            number: 6,
            name: "0006_replay_one_route",
            sql: String(decoding: PackageResources._006_replay_one_route_sql, as: UTF8.self)
        ),
        Migration(
            number: 7,
            name: "0007_age_by_passed_time_and_free_lanes",
            sql: String(
                decoding: PackageResources._007_age_by_passed_time_and_free_lanes_sql,
                as: UTF8.self
            )
        ),
        Migration(
            number: 8,
            name: "0008_resolve_incidents",
            sql: String(decoding: PackageResources._008_resolve_incidents_sql, as: UTF8.self)
        ),
        Migration(
            number: 9,
            name: "0009_discard_dead_jobs",
            sql: String(decoding: PackageResources._009_discard_dead_jobs_sql, as: UTF8.self)
        ),
    ]
}
