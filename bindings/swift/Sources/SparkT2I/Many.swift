/// What became of one request of `generateMany`.
public struct Generated: Sendable {
    /// Which request it was, counted from 0.
    public let index: Int
    /// The request.
    public let request: Request
    /// The image, or why there is none.
    public let result: Result<GeneratedImage, SparkT2IError>
}

extension Client {
    /// Generates many images, `maxInFlight` at a time, and yields each as it is done.
    ///
    /// Requests are taken one by one as there is room, so that the sequence need not know its end. Nothing is lost: a request
    /// that fails is a ``Generated`` with an error. What `requests` itself throws cancels what is under way, whose errors tell the
    /// ids of the tasks, and then comes out of the stream.
    /// Leaving the loop and letting go of the stream, or cancelling the task that loops, ends submitting and waiting at once;
    /// tasks that were submitted go on at the service.
    ///
    /// - Parameter onEvent: Called with the number of the request and each of its events: from it the ids of tasks can be kept.
    public func generateMany<Requests: AsyncSequence & Sendable>(
        _ requests: Requests, onEvent: (@Sendable (Int, Event) -> Void)? = nil
    ) -> AsyncThrowingStream<Generated, Error> where Requests.Element == Request {
        // A request needs a ticket, which is given back when the caller has taken what became of it.
        let (tickets, desk) = AsyncStream<Void>.makeStream()
        for _ in 0..<maxInFlight { desk.yield() }
        let done = AsyncThrowingStream<Generated, Error> { done in
            let work = Task {
                do {
                    try await self.run(requests, tickets, onEvent) { done.yield($0) }
                    done.finish()
                } catch {
                    done.finish(throwing: error)
                }
            }
            done.onTermination = { _ in work.cancel() }
        }
        return AsyncThrowingStream {
            var results = done.makeAsyncIterator()
            let result = try await results.next()
            desk.yield()
            return result
        }
    }

    /// The same for an array or another sequence of requests.
    public func generateMany<Requests: Sequence & Sendable>(
        _ requests: Requests, onEvent: (@Sendable (Int, Event) -> Void)? = nil
    ) -> AsyncThrowingStream<Generated, Error> where Requests.Element == Request {
        generateMany(OneByOne(base: requests), onEvent: onEvent)
    }

    private func run<Requests: AsyncSequence>(
        _ requests: Requests,
        _ tickets: AsyncStream<Void>,
        _ onEvent: (@Sendable (Int, Event) -> Void)?,
        _ tell: @escaping @Sendable (Generated) -> Void
    ) async throws where Requests.Element == Request {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var requests = requests.makeAsyncIterator()
            var room = tickets.makeAsyncIterator()
            var index = 0
            // None comes once this is cancelled.
            while await room.next() != nil, let request = try await requests.next() {
                if index >= maxInFlight {
                    // The group keeps those that have ended until they are asked for. One has: this is its ticket.
                    try await group.next()
                }
                group.addTask { [index] in
                    tell(try await self.one(index, request, onEvent))
                }
                index += 1
            }
            try await group.waitForAll()
        }
    }

    private func one(
        _ index: Int, _ request: Request, _ onEvent: (@Sendable (Int, Event) -> Void)?
    ) async throws -> Generated {
        var watch: (@Sendable (Event) -> Void)?
        if let onEvent {
            watch = { event in onEvent(index, event) }
        }
        let result: Result<GeneratedImage, SparkT2IError>
        do {
            result = .success(try await generate(request, onEvent: watch))
        } catch let error as SparkT2IError {
            result = .failure(error)
        }
        return Generated(index: index, request: request, result: result)
    }
}

private struct OneByOne<Base: Sequence & Sendable>: AsyncSequence, Sendable {
    typealias Element = Base.Element

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: Base.Iterator

        mutating func next() async -> Base.Element? {
            base.next()
        }
    }

    let base: Base

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeIterator())
    }
}
