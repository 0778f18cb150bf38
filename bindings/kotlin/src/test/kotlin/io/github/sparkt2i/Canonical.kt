package io.github.sparkt2i

import java.math.BigDecimal
import kotlin.time.Duration
import kotlin.time.DurationUnit
import kotlinx.serialization.ExperimentalSerializationApi
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.JsonUnquotedLiteral

// The canonical form of what the package gives, built from its public values and nothing else.

@OptIn(ExperimentalSerializationApi::class)
internal fun json(value: Any?): JsonElement = when (value) {
    null -> JsonNull
    is JsonElement -> value
    is String -> JsonPrimitive(value)
    is Boolean -> JsonPrimitive(value)
    is BigDecimal -> JsonUnquotedLiteral(value.toPlainString())
    is ULong -> JsonUnquotedLiteral(value.toString())
    is Number -> JsonPrimitive(value)
    is Duration -> JsonPrimitive(value.toDouble(DurationUnit.SECONDS))
    is List<*> -> JsonArray(value.map(::json))
    else -> error("no form for ${value::class}")
}

internal fun form(vararg fields: Pair<String, Any?>): JsonObject =
    JsonObject(fields.associate { (name, value) -> name to json(value) })

internal fun form(usage: Usage?): JsonElement = if (usage == null) JsonNull else form(
    "cost" to usage.cost?.toPlainString(),
    "discount" to usage.discount,
    "input_tokens" to usage.inputTokens,
    "output_tokens" to usage.outputTokens,
    "total_tokens" to usage.totalTokens,
)

internal fun word(status: Status): String = when (status) {
    Status.Queued -> "queued"
    Status.Running -> "running"
    Status.Completed -> "completed"
    Status.Failed -> "failed"
    is Status.Unknown -> status.word
}

internal fun form(task: TaskSnapshot): JsonObject = form(
    "id" to task.id,
    "status" to word(task.status),
    "model" to task.model,
    "created_at" to task.createdUnix,
    "progress" to task.progress,
    "output" to task.output.map { output ->
        form(
            "content" to output.content.map {
                form("type" to it.kind, "url" to it.url, "size" to it.size, "jobId" to it.jobId)
            },
        )
    },
    "usage" to form(task.usage),
    "error" to task.error?.let { form("code" to it.code, "message" to it.message) },
    "metadata" to form(
        "in_queue_at" to task.metadata.inQueueUnix,
        "upload_at" to task.metadata.uploadUnix,
        "completed_at" to task.metadata.completedUnix,
    ),
)

internal fun form(estimate: Estimate?): JsonElement = if (estimate == null) JsonNull else form(
    "cost" to estimate.cost.toPlainString(),
    "currency" to estimate.currency,
    "discount" to estimate.discount,
    "billing_model" to estimate.billingModel,
    "model" to estimate.model,
    "sample_count" to estimate.sampleCount,
    "updated_at" to estimate.updatedUnixMs,
)

internal fun form(image: Image): JsonObject = form(
    "task_id" to image.taskId,
    "url" to image.url,
    "size" to image.size,
    "job_id" to image.jobId,
    "width" to image.width,
    "height" to image.height,
    "usage" to form(image.usage),
)

internal fun form(event: Event): JsonObject {
    val kind = event.kind
    val word = when (kind) {
        EventKind.Submitted -> "submitted"
        EventKind.Queued -> "queued"
        is EventKind.Running -> "running"
        is EventKind.Retrying -> "retrying"
        is EventKind.Completed -> "completed"
        is EventKind.Failed -> "failed"
        is EventKind.Unknown -> kind.word
    }
    val error = (kind as? EventKind.Retrying)?.error ?: (kind as? EventKind.Failed)?.error
    return form(
        "event" to word,
        "task_id" to event.taskId,
        "elapsed_seconds" to event.elapsed,
        "progress" to (kind as? EventKind.Running)?.progress,
        "delay_seconds" to (kind as? EventKind.Retrying)?.delay,
        "error" to error?.let { form(it) },
        "task" to (kind as? EventKind.Completed)?.snapshot?.let { form(it) },
    )
}

internal fun form(violations: List<Violation>): JsonElement =
    json(violations.map { form("code" to it.code, "field" to it.field, "message" to it.message) })

internal fun form(report: Report): JsonObject = form(
    "valid" to report.isValid,
    "violations" to form(report.violations),
    "warnings" to report.warnings.map { form("field" to it.field, "message" to it.message) },
)

internal fun form(error: SparkT2iException): JsonObject = form(
    "kind" to error.kind,
    "message" to error.message,
    "code" to error.code,
    "violations" to form(error.violations),
    "http_status" to error.httpStatus,
    "task_id" to error.taskId,
    "retryable" to error.retryable,
    "charged" to error.charged.name.lowercase(),
    "retry_after_seconds" to error.retryAfter,
    "body" to error.body,
    "cause" to error.causes,
)

internal fun form(stats: Stats): JsonObject = form(
    "create_requests" to stats.createRequests,
    "status_requests" to stats.statusRequests,
    "estimate_requests" to stats.estimateRequests,
    "download_requests" to stats.downloadRequests,
    "retries" to stats.retries,
    "submitted" to stats.submitted,
    "outcomes_unknown" to stats.outcomesUnknown,
    "completed" to stats.completed,
    "failed" to stats.failed,
    "waiting" to stats.waiting,
    "queued" to stats.queued,
    "running" to stats.running,
    "lag_seconds" to form("count" to stats.lag.count, "mean" to stats.lag.mean, "p95" to stats.lag.p95),
    "poll_price" to stats.pollPrice,
    "requests_per_second_allowed" to stats.requestsPerSecondAllowed,
    "requests_per_second_used" to stats.requestsPerSecondUsed,
    "downloaded_bytes" to stats.downloadedBytes,
    "cost" to stats.cost.toPlainString(),
)
