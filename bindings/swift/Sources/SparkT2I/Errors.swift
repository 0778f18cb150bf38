import Foundation

/// Whether what failed was charged.
public enum Charged: String, Sendable, Hashable, CaseIterable {
    /// Certainly not.
    case no
    /// Certainly.
    case yes
    /// Nobody on this side can say.
    case unknown
}

/// What goes wrong in this package: one case for each kind, each with all that is known of it.
///
/// It never holds the key, and what comes from outside is made harmless for a terminal before it gets in. ``message`` says what
/// happened, to what, and what to do next, with no promise on its wording.
public enum SparkT2IError: Error, Sendable, Hashable {
    /// The request breaks a rule: found before anything was sent, or by the service (400, 422). See ``ErrorDetails/violations``.
    case invalidRequest(ErrorDetails)
    /// The key is missing, malformed or refused (401).
    case authentication(ErrorDetails)
    /// The key may not do this (403).
    case permission(ErrorDetails)
    /// The account has too little balance (402 or a balance code).
    case insufficientBalance(ErrorDetails)
    /// Too many requests (429), beyond the retries.
    case rateLimited(ErrorDetails)
    /// A deadline passed. The task goes on at the service.
    case timeout(ErrorDetails)
    /// No connection, or a service that cannot answer now (5xx), beyond the retries.
    case connection(ErrorDetails)
    /// An answer that cannot be understood; its beginning is in ``ErrorDetails/body``.
    case `protocol`(ErrorDetails)
    /// No such task, after a grace of 10 s, or no such endpoint: a wrong base URL.
    case notFound(ErrorDetails)
    /// The task ended without an image; ``ErrorDetails/code`` is the service's reason.
    case taskFailed(ErrorDetails)
    /// A submit of which nobody can say whether the service took (and charged) it. It was not sent again.
    case outcomeUnknown(ErrorDetails)
    /// The image could not be fetched, or is not what it should be. It is paid for: fetch it by its ``taskId``.
    case download(ErrorDetails)
    /// A file could not be read or written, or exists already.
    case io(ErrorDetails)
    /// The Swift task that waited was cancelled; its call ended at once. The task at the service, if there is one, goes on:
    /// ``Client/task(_:)`` takes it up again by the ``taskId``.
    case cancelled(ErrorDetails)
    /// A bug of ours.
    case `internal`(ErrorDetails)
    /// An error of a kind that this version does not know: ``kind`` is its name.
    case unknown(ErrorDetails)

    /// The error of the kind that the details name.
    public init(_ details: ErrorDetails) {
        self = switch details.kind {
        case "invalid_request": .invalidRequest(details)
        case "authentication": .authentication(details)
        case "permission": .permission(details)
        case "insufficient_balance": .insufficientBalance(details)
        case "rate_limited": .rateLimited(details)
        case "timeout": .timeout(details)
        case "connection": .connection(details)
        case "protocol": .protocol(details)
        case "not_found": .notFound(details)
        case "task_failed": .taskFailed(details)
        case "outcome_unknown": .outcomeUnknown(details)
        case "download": .download(details)
        case "io": .io(details)
        case "cancelled": .cancelled(details)
        case "internal": .internal(details)
        default: .unknown(details)
        }
    }

    /// All that is known of it.
    public var details: ErrorDetails {
        switch self {
        case .invalidRequest(let details), .authentication(let details), .permission(let details),
            .insufficientBalance(let details), .rateLimited(let details), .timeout(let details), .connection(let details),
            .protocol(let details), .notFound(let details), .taskFailed(let details), .outcomeUnknown(let details),
            .download(let details), .io(let details), .cancelled(let details), .internal(let details), .unknown(let details):
            details
        }
    }

    /// The kind: the same word in every language and on the command line, such as `invalid_request`.
    public var kind: String { details.kind }

    /// What happened, to what, and what to do next: one line for people.
    public var message: String { details.message }

    /// The task at the service, from the moment that its id is known: ``Client/task(_:)`` takes it up again.
    public var taskId: String? { details.taskId }

    /// Whether the same call may succeed later without anything being changed, and without paying twice.
    public var retryable: Bool { details.retryable }

    /// Whether it was charged.
    public var charged: Charged { details.charged }
}

extension SparkT2IError: LocalizedError, CustomStringConvertible {
    /// The message with the code and the task's id.
    public var description: String { details.text }

    /// The same, for `localizedDescription`. It is in English.
    public var errorDescription: String? { details.text }
}

extension ErrorDetails {
    /// Whether it was charged.
    public var charged: Charged { Charged(rawValue: chargedWord) ?? .unknown }
}

extension SparkT2IError {
    /// An error of this layer itself.
    init(kind: String, message: String, charged: Charged = .unknown) {
        self.init(
            ErrorDetails(
                text: message, kind: kind, message: message, code: nil, violations: [], httpStatus: nil, taskId: nil,
                retryable: false, chargedWord: charged.rawValue, retryAfter: nil, body: nil, causes: nil
            )
        )
    }

    static func invalid(_ message: String) -> Self {
        Self(kind: "invalid_request", message: message, charged: .no)
    }
}
