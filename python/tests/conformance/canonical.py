"""The canonical form of what the package gives, built from its public values and nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TypeGuard

from support import Json

import spark_t2i
from spark_t2i import AsyncImage, Estimate, Event, Image, Report, SparkT2iError, Stats, TaskSnapshot, Usage


def compact(value: Json) -> str:
    """JSON without spaces, in which a `Decimal` is a number with all of its digits."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{compact(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(compact, value)) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, allow_nan=False)


def same(one: Json, other: Json) -> bool:
    """Whether two canonical forms are equal: texts exactly, numbers by value."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if is_number(one) and is_number(other):
        return float(one) == float(other)
    return type(one) is type(other) and bool(one == other)


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def money(amount: Decimal | None) -> str | None:
    assert amount is None or type(amount) is Decimal
    return None if amount is None else format(amount, "f")


def of_usage(usage: Usage | None) -> Json:
    if usage is None:
        return None
    return {
        "cost": money(usage.cost),
        "discount": usage.discount,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
    }


def of_task(task: TaskSnapshot) -> Json:
    output = [
        {
            "content": [
                {"type": content.type, "url": content.url, "size": content.size, "jobId": content.job_id}
                for content in output.content
            ]
        }
        for output in task.output
    ]
    metadata = task.metadata
    return {
        "id": task.id,
        "status": task.status.value,
        "model": task.model,
        "created_at": task.created_unix,
        "progress": task.progress,
        "output": output,
        "usage": of_usage(task.usage),
        "error": None if task.error is None else {"code": task.error.code, "message": task.error.message},
        "metadata": {
            "in_queue_at": metadata.in_queue_unix,
            "upload_at": metadata.upload_unix,
            "completed_at": metadata.completed_unix,
        },
    }


def of_estimate(estimate: Estimate | None) -> Json:
    if estimate is None:
        return None
    return {
        "cost": money(estimate.cost),
        "currency": estimate.currency,
        "discount": estimate.discount,
        "billing_model": estimate.billing_model,
        "model": estimate.model,
        "sample_count": estimate.sample_count,
        "updated_at": estimate.updated_unix_ms,
    }


def of_image(image: Image | AsyncImage) -> Json:
    return {
        "task_id": image.task_id,
        "url": image.url,
        "size": image.size,
        "job_id": image.job_id,
        "width": image.width,
        "height": image.height,
        "usage": of_usage(image.usage),
    }


def of_event(event: Event) -> Json:
    return {
        "event": event.kind.value,
        "task_id": event.task_id,
        "elapsed_seconds": event.elapsed_seconds,
        "progress": event.progress,
        "delay_seconds": event.delay_seconds,
        "error": None if event.error is None else of_error(event.error),
        "task": None if event.snapshot is None else of_task(event.snapshot),
    }


def of_violations(violations: tuple[spark_t2i.Violation, ...]) -> Json:
    return [
        {"code": violation.code, "field": violation.field, "message": violation.message} for violation in violations
    ]


def of_report(report: Report) -> Json:
    return {
        "valid": report.valid,
        "violations": of_violations(report.violations),
        "warnings": [{"field": warning.field, "message": warning.message} for warning in report.warnings],
    }


def of_error(error: SparkT2iError) -> Json:
    return {
        "kind": error.kind.value,
        "message": error.message,
        "code": error.code,
        "violations": of_violations(error.violations),
        "http_status": error.http_status,
        "task_id": error.task_id,
        "retryable": error.retryable,
        "charged": error.charged.value,
        "retry_after_seconds": error.retry_after_seconds,
        "body": error.body,
        "cause": error.cause,
    }


def of_stats(stats: Stats) -> Json:
    lag = stats.lag_seconds
    return {
        "create_requests": stats.create_requests,
        "status_requests": stats.status_requests,
        "estimate_requests": stats.estimate_requests,
        "download_requests": stats.download_requests,
        "retries": stats.retries,
        "submitted": stats.submitted,
        "outcomes_unknown": stats.outcomes_unknown,
        "completed": stats.completed,
        "failed": stats.failed,
        "waiting": stats.waiting,
        "queued": stats.queued,
        "running": stats.running,
        "lag_seconds": {"count": lag.count, "mean": lag.mean, "p95": lag.p95},
        "poll_price": stats.poll_price,
        "requests_per_second_allowed": stats.requests_per_second_allowed,
        "requests_per_second_used": stats.requests_per_second_used,
        "downloaded_bytes": stats.downloaded_bytes,
        "cost": money(stats.cost),
    }
