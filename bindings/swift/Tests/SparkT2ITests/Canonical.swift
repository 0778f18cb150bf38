import Foundation
import SparkT2I

// The canonical form of what the package gives, built from its public values and nothing else.

protocol Canonical {
    var form: JSON { get }
}

extension JSON: Canonical {
    var form: JSON { self }
}

extension Optional: Canonical where Wrapped: Canonical {
    var form: JSON { self?.form ?? .null }
}

extension Array: Canonical where Element: Canonical {
    var form: JSON { .array(map(\.form)) }
}

extension String: Canonical {
    var form: JSON { .string(self) }
}

extension Bool: Canonical {
    var form: JSON { .bool(self) }
}

extension Canonical where Self: Numeric & LosslessStringConvertible {
    var form: JSON { .number(description) }
}

extension Int: Canonical {}
extension Int64: Canonical {}
extension UInt16: Canonical {}
extension UInt32: Canonical {}
extension UInt64: Canonical {}
extension Double: Canonical {}

extension Duration: Canonical {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
    var form: JSON { seconds.form }
}

extension ExactDecimal: Canonical {
    var form: JSON { .number(description) }
}

func fields(_ fields: KeyValuePairs<String, (any Canonical)?>) -> JSON {
    .object(Dictionary(uniqueKeysWithValues: fields.map { ($0, $1?.form ?? .null) }))
}

extension Usage: Canonical {
    var form: JSON {
        fields([
            "cost": exactCost?.description,
            "discount": exactDiscount,
            "input_tokens": inputTokens,
            "output_tokens": outputTokens,
            "total_tokens": totalTokens,
        ])
    }
}

extension Status: Canonical {
    var form: JSON {
        switch self {
        case .queued: "queued".form
        case .running: "running".form
        case .completed: "completed".form
        case .failed: "failed".form
        case .unknown(let word): word.form
        }
    }
}

extension Content: Canonical {
    var form: JSON { fields(["type": kind, "url": url, "size": size, "jobId": jobId]) }
}

extension Output: Canonical {
    var form: JSON { fields(["content": content]) }
}

extension TaskSnapshot: Canonical {
    var form: JSON {
        fields([
            "id": id,
            "status": status,
            "model": model,
            "created_at": createdUnix,
            "progress": progress,
            "output": output,
            "usage": usage,
            "error": error.map { fields(["code": $0.code, "message": $0.message]) },
            "metadata": fields([
                "in_queue_at": metadata.inQueueUnix,
                "upload_at": metadata.uploadUnix,
                "completed_at": metadata.completedUnix,
            ]),
        ])
    }
}

extension Estimate: Canonical {
    var form: JSON {
        fields([
            "cost": exactCost.description,
            "currency": currency,
            "discount": exactDiscount,
            "billing_model": billingModel,
            "model": model,
            "sample_count": sampleCount,
            "updated_at": updatedUnixMs,
        ])
    }
}

extension GeneratedImage: Canonical {
    var form: JSON {
        fields([
            "task_id": taskId,
            "url": url,
            "size": size,
            "job_id": jobId,
            "width": width,
            "height": height,
            "usage": usage,
        ])
    }
}

extension Event: Canonical {
    var form: JSON {
        func made(
            _ word: String, progress: Double? = nil, delay: Duration? = nil, error: SparkT2IError? = nil,
            task: TaskSnapshot? = nil
        ) -> JSON {
            fields([
                "event": word,
                "task_id": taskId,
                "elapsed_seconds": elapsed,
                "progress": progress,
                "delay_seconds": delay,
                "error": error,
                "task": task,
            ])
        }
        return switch kind {
        case .submitted: made("submitted")
        case .queued: made("queued")
        case .running(let progress): made("running", progress: progress)
        case .retrying(let error, let delay): made("retrying", delay: delay, error: error)
        case .completed(let snapshot): made("completed", task: snapshot)
        case .failed(let error): made("failed", error: error)
        case .unknown(let word): made(word)
        }
    }
}

extension Violation: Canonical {
    var form: JSON { fields(["code": code, "field": field, "message": message]) }
}

extension Report: Canonical {
    var form: JSON {
        fields([
            "valid": isValid,
            "violations": violations,
            "warnings": warnings.map { fields(["field": $0.field, "message": $0.message]) },
        ])
    }
}

extension SparkT2IError: Canonical {
    var form: JSON {
        fields([
            "kind": kind,
            "message": message,
            "code": details.code,
            "violations": details.violations,
            "http_status": details.httpStatus,
            "task_id": taskId,
            "retryable": retryable,
            "charged": charged.rawValue,
            "retry_after_seconds": details.retryAfter,
            "body": details.body,
            "cause": details.causes,
        ])
    }
}

extension Stats: Canonical {
    var form: JSON {
        fields([
            "create_requests": createRequests,
            "status_requests": statusRequests,
            "estimate_requests": estimateRequests,
            "download_requests": downloadRequests,
            "retries": retries,
            "submitted": submitted,
            "outcomes_unknown": outcomesUnknown,
            "completed": completed,
            "failed": failed,
            "waiting": waiting,
            "queued": queued,
            "running": running,
            "lag_seconds": fields(["count": lag.count, "mean": lag.mean, "p95": lag.p95]),
            "poll_price": pollPrice,
            "requests_per_second_allowed": requestsPerSecondAllowed,
            "requests_per_second_used": requestsPerSecondUsed,
            "downloaded_bytes": downloadedBytes,
            "cost": exactCost.description,
        ])
    }
}
