/// Of this package, and of the native part that it goes with.
package let version = "0.1.0"

/// Work of the native part, with the errors of this package.
package func told<Value>(_ work: () throws -> Value) throws -> Value {
    do {
        return try work()
    } catch NativeError.Told(let problem) {
        throw problem
    } catch let error as SparkT2IError {
        throw error
    } catch {
        throw SparkT2IError(kind: "internal", message: "this is a bug of spark-t2i, please report it: \(error)")
    }
}

/// Waits for the end of a call; every event before it goes to `onEvent`.
func finish(_ call: NativeCall, onEvent: (@Sendable (Event) -> Void)? = nil) async throws -> NativeFound {
    try await cancelling(call) {
        while true {
            switch try await next(call) {
            case .item(.event(let event)): onEvent?(event)
            case .done(let result): return result
            case .item, .pending: break
            }
        }
    }
}

/// What comes next of a call, for those who come for one after the other.
func take(_ call: NativeCall) async throws -> NativeStep {
    try await cancelling(call) { try await next(call) }
}

/// A task that is cancelled ends the call on the thread that cancels it. What comes of the call then is its own error, which tells
/// the id of the task that it was after.
private func cancelling<Result>(_ call: NativeCall, _ work: () async throws -> Result) async throws -> Result {
    try await withTaskCancellationHandler(operation: work) {
        call.cancel()
    }
}

private func next(_ call: NativeCall) async throws -> NativeStep {
    while true {
        let step = try told(call.take)
        guard case .pending = step else {
            return step
        }
        await withCheckedContinuation { waiting in
            call.whenReady(wake: Wake(waiting))
        }
    }
}

private final class Wake: NativeWake {
    private let waiting: CheckedContinuation<Void, Never>

    init(_ waiting: CheckedContinuation<Void, Never>) {
        self.waiting = waiting
    }

    func wake() {
        waiting.resume()
    }
}

extension Duration {
    /// What the native part tells: a number that no `Duration` can hold is the nearest that one can.
    init(told seconds: Double) {
        // Beyond this a `Duration` cannot be made of a number.
        let most = 9e18
        self = .seconds(seconds.isNaN ? 0 : min(max(seconds, -most), most))
    }

    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
