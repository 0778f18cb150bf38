/// A task of the service: its id and what was last seen of it; made by ``Client/submit(_:timeout:)`` and ``Client/task(_:)``.
///
/// Letting go of it changes nothing at the service: the task goes on, and ``Client/task(_:)`` finds it again by its id. Tasks are
/// compared by their ids. (It is not called `Task`, which is Swift's own.)
public struct RemoteTask: Sendable, Identifiable {
    private let native: NativeTask

    /// The id.
    public let id: String

    init(_ native: NativeTask) {
        self.native = native
        id = native.id()
    }

    /// What the service last said of the task; nil before it was first asked.
    public var snapshot: TaskSnapshot? { native.snapshot() }

    /// The state that was last seen.
    public var status: Status? { snapshot?.status }

    /// How late its end was noticed, where that is known.
    public var lag: Duration? { native.lag() }

    /// The images of a task last seen completed; none of any other.
    public var images: [GeneratedImage] { native.images().map(GeneratedImage.init) }

    /// Waits for the end and returns the image.
    ///
    /// - Parameters:
    ///   - timeout: In place of the client's `waitTimeout`.
    ///   - onEvent: Called with each event, one after the other.
    /// - Throws: ``SparkT2IError/taskFailed(_:)`` when the task ends without an image; ``SparkT2IError/timeout(_:)`` when it does
    ///   not end in time (it goes on, and can be waited for again); ``SparkT2IError/notFound(_:)`` when there is no such task,
    ///   after a grace of 10 s; authentication, permission, cancelled.
    public func wait(
        timeout: Duration? = nil, onEvent: (@Sendable (Event) -> Void)? = nil
    ) async throws -> GeneratedImage {
        let call = try told { try native.wait(timeout: timeout, watch: onEvent != nil) }
        return try await image(of: call, onEvent: onEvent)
    }

    /// What happens to the task from now on, until its end: the last event is completed or failed.
    ///
    /// Each stream watches anew, and is for one loop. Leaving the loop and letting go of the stream ends the watching. Cancelling
    /// the task that loops ends it at once: the loop throws ``SparkT2IError/cancelled(_:)`` where it waited, and ends where it did
    /// not.
    ///
    /// - Parameter timeout: In place of the client's `waitTimeout`.
    public func events(timeout: Duration? = nil) -> AsyncThrowingStream<Event, Error> {
        let begun = Result { try told { try native.events(timeout: timeout) } }
        // It holds the call, which ends when the stream lets go of this.
        return AsyncThrowingStream {
            if case .item(.event(let event)) = try await take(begun.get()) { event } else { nil }
        }
    }

    /// Asks the service once for the state of the task (and again after a failure that may pass). A failed task is a state, and
    /// throws nothing.
    ///
    /// - Throws: ``SparkT2IError``: connection, protocol, not found, authentication, permission, timeout, cancelled.
    @discardableResult
    public func refresh(timeout: Duration? = nil) async throws -> TaskSnapshot {
        guard case .snapshot(let snapshot) = try await finish(told { try native.refresh(timeout: timeout) })
        else { throw unexpected() }
        return snapshot
    }
}

extension RemoteTask: Hashable, CustomStringConvertible {
    public static func == (one: Self, other: Self) -> Bool {
        one.id == other.id
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
    }

    public var description: String { "RemoteTask(\(id))" }
}
