import Foundation

/// What to do with a submit of which nobody can say whether the service took (and charged) it.
public enum OnOutcomeUnknown: String, Sendable, Hashable {
    /// Throw ``SparkT2IError/outcomeUnknown(_:)``.
    case fail
    /// Submit again, and perhaps pay twice.
    case resubmit
}

/// A client of the service. Any number of tasks and threads may use it at once; one for a program is enough: connections, the
/// limit of requests, and what was learned about how long tasks take are its own.
///
/// A Swift task that is cancelled stops its call at once, in the core too. The task at the service goes on; the
/// ``SparkT2IError/cancelled(_:)`` that comes out of the call has its id.
///
/// ```swift
/// let client = try Client()
/// let image = try await client.generate("a red fox in the snow", size: .widescreen2K, seed: 42)
/// try await image.save(to: URL(fileURLWithPath: "fox.png"))
/// ```
public final class Client: Sendable {
    private let native: NativeClient

    /// Makes a client. Nothing is sent.
    ///
    /// - Parameters:
    ///   - apiKey: The key; by default the environment variable `SPARK_T2I_API_KEY`. It is sent to the base URL's origin alone.
    ///   - baseURL: Where the service is; by default `SPARK_T2I_BASE_URL`, and without that the service's own address.
    ///   - connectTimeout: For making a connection; default 10 s.
    ///   - requestTimeout: For each try of a request; default 30 s.
    ///   - waitTimeout: For the whole of a `generate` or ``RemoteTask/wait(timeout:onEvent:)``; default 600 s. One of
    ///     `.seconds(Int64.max)` is none.
    ///   - maxRetries: How often a request is repeated that certainly did no harm; default 4.
    ///   - maxRequestsPerSecond: Status requests of all tasks together; default 50, 0 for no limit.
    ///   - pollCost: What one status request may cost, in time of noticing an end later; default 0.1 s.
    ///   - pollInterval: Asks at this fixed interval instead of when it is worth while.
    ///   - latencyProfile: A file with what was learned about how long tasks take; read now and written again.
    ///   - maxInFlight: How many requests of `generateMany` are under way at once; default 64.
    ///   - headers: More headers for every request to the service.
    ///   - proxy: A proxy; by default that of the environment.
    ///   - caBundle: A PEM file of certificates to trust, beside the system's.
    ///   - userAgentSuffix: Put behind the user agent.
    ///   - onOutcomeUnknown: What to do with a submit of unknown outcome.
    /// - Throws: ``SparkT2IError/invalidRequest(_:)`` when an option cannot be, ``SparkT2IError/authentication(_:)`` when there
    ///   is no key.
    public init(
        apiKey: String? = nil,
        baseURL: URL? = nil,
        connectTimeout: Duration? = nil,
        requestTimeout: Duration? = nil,
        waitTimeout: Duration? = nil,
        maxRetries: Int? = nil,
        maxRequestsPerSecond: Double? = nil,
        pollCost: Duration? = nil,
        pollInterval: Duration? = nil,
        latencyProfile: URL? = nil,
        maxInFlight: Int? = nil,
        headers: [String: String] = [:],
        proxy: URL? = nil,
        caBundle: URL? = nil,
        userAgentSuffix: String? = nil,
        onOutcomeUnknown: OnOutcomeUnknown = .fail
    ) throws {
        let found = nativeVersion()
        guard found == version else {
            let message = "spark-t2i \(version) found a native library of version \(found): install both anew"
            throw SparkT2IError(kind: "internal", message: message, charged: .no)
        }
        let options = NativeOptions(
            apiKey: apiKey,
            baseUrl: baseURL?.absoluteString,
            connectTimeout: connectTimeout,
            requestTimeout: requestTimeout,
            waitTimeout: waitTimeout,
            maxRetries: maxRetries.map(Int64.init),
            maxRequestsPerSecond: maxRequestsPerSecond,
            pollCost: pollCost?.inSeconds,
            pollInterval: pollInterval,
            latencyProfile: try latencyProfile.map { try path($0, "latencyProfile") },
            maxInFlight: maxInFlight.map(Int64.init),
            headers: headers,
            proxy: proxy?.absoluteString,
            caBundle: try caBundle.map { try path($0, "caBundle") },
            userAgentSuffix: userAgentSuffix,
            onOutcomeUnknown: onOutcomeUnknown.rawValue
        )
        native = try told { try NativeClient(options: options) }
    }

    /// Submits a request, waits for its end and returns the image. Nothing is downloaded yet.
    ///
    /// - Parameters:
    ///   - prompt: 1 to 800 characters in Chinese or English, at most 120 recommended.
    ///   - size: Default 1328 × 1328. The area lies in 512×512 to 2048×2048, the ratio in 1:3 to 3:1.
    ///   - seed: -1 for a random image (the default), or 1 to 2^63 - 1 for one that can be had again.
    ///   - usePreLlm: Whether the service expands the prompt first; its default is true.
    ///   - model: Another model than `spark_t2i_3_0`.
    ///   - timeout: For the whole, in place of the client's `waitTimeout`.
    ///   - onEvent: Called with each event, one after the other.
    /// - Throws: ``SparkT2IError``: what ``submit(_:timeout:)`` and ``RemoteTask/wait(timeout:onEvent:)`` throw.
    public func generate(
        _ prompt: String,
        size: Size? = nil,
        seed: Int64? = nil,
        usePreLlm: Bool? = nil,
        model: String? = nil,
        timeout: Duration? = nil,
        onEvent: (@Sendable (Event) -> Void)? = nil
    ) async throws -> GeneratedImage {
        let request = Request(prompt, size: size, seed: seed, usePreLlm: usePreLlm, model: model)
        return try await generate(request, timeout: timeout, onEvent: onEvent)
    }

    /// The same for a ``Request``.
    public func generate(
        _ request: Request, timeout: Duration? = nil, onEvent: (@Sendable (Event) -> Void)? = nil
    ) async throws -> GeneratedImage {
        let call = try told { try native.generate(request: request.lowered, timeout: timeout, watch: onEvent != nil) }
        return try await image(of: call, onEvent: onEvent)
    }

    /// Submits a request and returns its task, without waiting for its end. The parameters are those of `generate`.
    ///
    /// - Throws: As ``submit(_:timeout:)``.
    public func submit(
        _ prompt: String,
        size: Size? = nil,
        seed: Int64? = nil,
        usePreLlm: Bool? = nil,
        model: String? = nil,
        timeout: Duration? = nil
    ) async throws -> RemoteTask {
        try await submit(Request(prompt, size: size, seed: seed, usePreLlm: usePreLlm, model: model), timeout: timeout)
    }

    /// Submits a request and returns its task, without waiting for its end.
    ///
    /// - Throws: ``SparkT2IError/invalidRequest(_:)`` before anything is sent; ``SparkT2IError/outcomeUnknown(_:)`` when the
    ///   service may have taken the request but no id came back (it is not repeated then); authentication, permission,
    ///   insufficient balance, rate limited and connection (beyond the retries), not found (a wrong base URL), timeout,
    ///   cancelled.
    public func submit(_ request: Request, timeout: Duration? = nil) async throws -> RemoteTask {
        guard case .task(let task) = try await finish(told { try native.submit(request: request.lowered, timeout: timeout) })
        else { throw unexpected() }
        return RemoteTask(task)
    }

    /// What a request would probably cost; nil where the service has no estimate. Nothing is charged.
    ///
    /// - Throws: ``SparkT2IError`` as ``submit(_:timeout:)``, but never of an unknown outcome.
    public func estimate(_ request: Request, timeout: Duration? = nil) async throws -> Estimate? {
        let call = try told { try native.estimate(request: request.lowered, timeout: timeout) }
        guard case .estimate(let estimate) = try await finish(call) else { throw unexpected() }
        return estimate
    }

    /// The same for a prompt alone.
    public func estimate(_ prompt: String, timeout: Duration? = nil) async throws -> Estimate? {
        try await estimate(Request(prompt), timeout: timeout)
    }

    /// The task with this id, whoever submitted it. Nothing is sent.
    ///
    /// - Throws: ``SparkT2IError/invalidRequest(_:)`` when the text cannot be an id.
    public func task(_ id: String) throws -> RemoteTask {
        try told { RemoteTask(try native.task(id: id)) }
    }

    /// What this client has done since it was made.
    ///
    /// - Throws: ``SparkT2IError/internal(_:)`` alone: a bug of ours.
    public func stats() throws -> Stats {
        try told(native.stats)
    }

    var maxInFlight: Int { Int(clamping: native.maxInFlight()) }
}

func image(of call: NativeCall, onEvent: (@Sendable (Event) -> Void)?) async throws -> GeneratedImage {
    guard case .image(let image) = try await finish(call, onEvent: onEvent) else { throw unexpected() }
    return GeneratedImage(image)
}

func unexpected() -> SparkT2IError {
    SparkT2IError(kind: "internal", message: "this is a bug of spark-t2i, please report it: a call ended with another's result")
}
