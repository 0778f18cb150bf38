/// Hands the client's log records to a logger of yours, for as long as it is kept. Records hold no key and no prompt.
///
/// ```swift
/// let logger = Logger(subsystem: "my.app", category: "spark-t2i")
/// let logs = try LogSubscription(level: .info) { record in logger.info("\(record.message)") }
/// ```
public final class LogSubscription: Sendable {
    private let native: NativeLogs
    private let listener: Listener

    /// Tells `handler` every record of this level and graver ones, on a thread of its own, until the subscription is let go of.
    ///
    /// - Throws: ``SparkT2IError`` when there cannot be another one.
    public init(level: LogLevel, handler: @escaping @Sendable (LogRecord) -> Void) throws {
        listener = Listener(handler)
        native = try told { [listener] in try NativeLogs(level: level, listener: listener) }
    }
}

private final class Listener: NativeLogListener {
    private let handler: @Sendable (LogRecord) -> Void

    init(_ handler: @escaping @Sendable (LogRecord) -> Void) {
        self.handler = handler
    }

    func log(record: LogRecord) {
        handler(record)
    }
}
