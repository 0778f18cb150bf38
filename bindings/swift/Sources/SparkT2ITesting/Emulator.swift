import Foundation
import SparkT2I

/// The whole service on loopback, inside this process: for tests and demos, with no key and no network. It paints abstract
/// pictures. It runs from its construction until ``stop()``, or until it is let go of.
///
/// ```swift
/// let emulator = try Emulator(latency: .milliseconds(50))
/// let image = try await emulator.client().generate("a red fox in the snow")
/// ```
///
/// The libraries for phones do not have it: there its construction throws.
public final class Emulator: Sendable {
    private let native: NativeEmulator

    /// The base URL for a client.
    public let url: URL

    /// Starts one.
    ///
    /// - Parameters:
    ///   - latency: How long a task takes.
    ///   - failureRate: How many of the tasks fail, 0 to 1.
    ///   - progress: Whether running tasks tell their progress.
    ///   - rateLimit: Requests a second, beyond which it answers 429.
    ///   - price: What a task costs, in USD.
    ///   - apiKey: The only key that it takes; by default it takes every one.
    ///   - seed: For what it draws at random.
    ///   - faults: What it does wrong, each as `NAME[:PROBABILITY][@KIND]`.
    /// - Throws: ``SparkT2I/SparkT2IError/invalidRequest(_:)`` for an option that cannot be.
    public init(
        latency: Duration? = nil,
        failureRate: Double? = nil,
        progress: Bool? = nil,
        rateLimit: Double? = nil,
        price: Decimal? = nil,
        apiKey: String? = nil,
        seed: Int64? = nil,
        faults: [String]? = nil
    ) throws {
        let options = NativeEmulatorOptions(
            latency: latency.map { "\(Decimal($0.inSeconds))s" },
            failureRate: failureRate,
            progress: progress,
            rateLimit: rateLimit,
            price: price.map { "\($0)" },
            apiKey: apiKey,
            seed: seed,
            faults: faults
        )
        let native = try told { try NativeEmulator(options: options) }
        guard let url = URL(string: native.url()) else { throw URLError(.badURL) }
        self.native = native
        self.url = url
    }

    deinit {
        native.stop()
    }

    /// Its counters as JSON, as `GET /_emulator/stats` answers: tasks, charges, requests by kind, polls per task, lag.
    ///
    /// - Throws: ``SparkT2I/SparkT2IError/internal(_:)`` alone: a bug of ours.
    public func stats() throws -> String {
        try told(native.stats)
    }

    /// Sets these faults in place of all others.
    ///
    /// - Throws: ``SparkT2I/SparkT2IError/invalidRequest(_:)`` for one that there is not.
    public func setFaults(_ faults: String...) throws {
        try told { try native.setFaults(faults: faults) }
    }

    /// A client of it.
    ///
    /// - Throws: As ``SparkT2I/Client``'s own initializer.
    public func client(apiKey: String = "emulator", pollInterval: Duration? = nil) throws -> Client {
        try Client(apiKey: apiKey, baseURL: url, pollInterval: pollInterval)
    }

    /// Stops it: nobody is answered any more.
    public func stop() {
        native.stop()
    }
}
