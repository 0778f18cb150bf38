package io.github.sparkt2i

import kotlin.time.Duration
import kotlinx.coroutines.CancellationException

/** Whether what failed was charged. */
public enum class Charged {
    /** Certainly not. */
    NO,

    /** Certainly. */
    YES,

    /** Nobody on this side can say. */
    UNKNOWN,
}

/**
 * What goes wrong in this package; there is one class for each kind.
 *
 * It never holds the key, and what comes from outside is made harmless for a terminal before it gets in. [message] says what
 * happened, to what, and what to do next, with no promise on its wording.
 */
public sealed class SparkT2iException(private val fields: NativeFailure) : Exception(fields.message) {
    /** The kind: the same word in every language and on the command line, such as `invalid_request`. */
    public val kind: String get() = fields.kind

    /** What happened, to what, and what to do next: one line for people. */
    override val message: String get() = fields.message

    /** The nine digits of the specification's code, such as `003001002`. */
    public val code: String? get() = fields.code

    /** Every rule that the request breaks. */
    public val violations: List<Violation> get() = fields.violations

    /** The status of the HTTP answer that told the error. */
    public val httpStatus: Int? get() = fields.httpStatus?.toInt()

    /** The task, from the moment that its id is known: [Client.task] takes it up again. */
    public val taskId: String? get() = fields.taskId

    /** Whether the same call may succeed later without anything being changed, and without paying twice. */
    public val retryable: Boolean get() = fields.retryable

    /** Whether it was charged. */
    public val charged: Charged
        get() = when (fields.charged) {
            "no" -> Charged.NO
            "yes" -> Charged.YES
            else -> Charged.UNKNOWN
        }

    /** How long the service asked to wait before the next try. */
    public val retryAfter: Duration? get() = fields.retryAfter

    /** The body of the answer that could not be understood, cut to 4 KiB: it may hold the id of a task. */
    public val body: String? get() = fields.body

    /** The causes, outermost first, in one line. */
    public val causes: String? get() = fields.cause

    /** The message with the code and the task's id. */
    override fun toString(): String = "${javaClass.name}: ${fields.text}"

    internal fun fields() = fields

    /** The request breaks a rule: found before anything was sent, or by the service (400, 422). See [violations]. */
    public class InvalidRequest internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** The key is missing, malformed or refused (401). */
    public class Authentication internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** The key may not do this (403). */
    public class Permission internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** The account has too little balance (402 or a balance code). */
    public class InsufficientBalance internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** Too many requests (429), beyond the retries. */
    public class RateLimited internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** A deadline passed. The task goes on at the service. */
    public class Timeout internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** No connection, or a service that cannot answer now (5xx), beyond the retries. */
    public class Connection internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** An answer that cannot be understood; its beginning is in [body]. */
    public class Protocol internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** No such task, after a grace of 10 s, or no such endpoint: a wrong base URL. */
    public class NotFound internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** The task ended without an image; [code] is the service's reason. */
    public class TaskFailed internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** A submit of which nobody can say whether the service took (and charged) it. It was not sent again. */
    public class OutcomeUnknown internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** The image could not be fetched, or is not what it should be. It is paid for: fetch it by [taskId]. */
    public class Download internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** A file could not be read or written, or exists already. */
    public class Io internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** The call was cancelled. The task, if there is one, goes on at the service. See [CallCancelledException]. */
    public class Cancelled internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** A bug of ours. */
    public class Internal internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    /** An error of a kind that this version does not know. */
    public class Unknown internal constructor(fields: NativeFailure) : SparkT2iException(fields)

    internal companion object {
        internal fun of(fields: NativeFailure): SparkT2iException = when (fields.kind) {
            "invalid_request" -> InvalidRequest(fields)
            "authentication" -> Authentication(fields)
            "permission" -> Permission(fields)
            "insufficient_balance" -> InsufficientBalance(fields)
            "rate_limited" -> RateLimited(fields)
            "timeout" -> Timeout(fields)
            "connection" -> Connection(fields)
            "protocol" -> Protocol(fields)
            "not_found" -> NotFound(fields)
            "task_failed" -> TaskFailed(fields)
            "outcome_unknown" -> OutcomeUnknown(fields)
            "download" -> Download(fields)
            "io" -> Io(fields)
            "cancelled" -> Cancelled(fields)
            "internal" -> Internal(fields)
            else -> Unknown(fields)
        }
    }
}

/**
 * The coroutine that waited was cancelled; its call ended at once. The task, if there is one, goes on at the service, and
 * `client.task(taskId).wait()` takes it up again. Like every [CancellationException] it is to be thrown on.
 */
public class CallCancelledException internal constructor(
    /** What the call itself says of it. */
    public val error: SparkT2iException.Cancelled,
    cause: CancellationException,
) : CancellationException(error.message) {
    init {
        initCause(cause)
    }

    /** The task that was waited for, from the moment that its id is known. */
    public val taskId: String? get() = error.taskId
}

internal fun invalidRequest(message: String) = SparkT2iException.InvalidRequest(ours("invalid_request", message, Charged.NO))

internal fun internalError(message: String) = SparkT2iException.Internal(ours("internal", message, Charged.UNKNOWN))

private fun ours(kind: String, message: String, charged: Charged) = NativeFailure(
    text = message, kind = kind, message = message, code = null, violations = emptyList(), httpStatus = null, taskId = null,
    retryable = false, charged = charged.name.lowercase(), retryAfter = null, body = null, cause = null,
)
