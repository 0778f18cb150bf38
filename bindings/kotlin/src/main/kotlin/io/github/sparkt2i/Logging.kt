package io.github.sparkt2i

import java.io.Closeable

/** The client's log records. */
public object Logging {
    /**
     * Tells [listener] every record of this level and graver ones, on a thread of its own, until the result is closed. Records
     * hold no key and no prompt. What the listener throws goes to that thread's handler of uncaught exceptions.
     *
     * ```kotlin
     * val logger = System.getLogger("spark-t2i")
     * Logging.listen(LogLevel.INFO) { record -> logger.log(System.Logger.Level.INFO, record.message) }
     * ```
     */
    public fun listen(level: LogLevel, listener: (LogRecord) -> Unit): Closeable {
        val logs = told {
            NativeLogs(
                level,
                object : NativeLogListener {
                    override fun log(record: LogRecord) = try {
                        listener(record)
                    } catch (thrown: Throwable) {
                        // It must not unwind the native thread, on which others are told after it.
                        Thread.currentThread().run { uncaughtExceptionHandler.uncaughtException(this, thrown) }
                    }
                },
            )
        }
        return Closeable { logs.close() }
    }
}
