/** The canonical form of what the package gives, built from its public values and nothing else. */

import assert from 'node:assert/strict';

import type {
  Estimate,
  Image,
  Report,
  SparkT2iError,
  Stats,
  TaskEvent,
  TaskSnapshot,
  Usage,
  Violation,
} from 'spark-t2i';

import { Digits } from '../support.js';

function money(amount: string | null): string | null {
  assert(amount === null || typeof amount === 'string');
  return amount;
}

function digits(number: string | null): Digits | null {
  return number === null ? null : new Digits(number);
}

export function ofUsage(usage: Usage | null): unknown {
  return (
    usage && {
      cost: money(usage.cost),
      discount: digits(usage.discount),
      input_tokens: usage.inputTokens,
      output_tokens: usage.outputTokens,
      total_tokens: usage.totalTokens,
    }
  );
}

export function ofTask(task: TaskSnapshot): Record<string, unknown> {
  return {
    id: task.id,
    status: task.status,
    model: task.model,
    created_at: task.createdUnix,
    progress: task.progress,
    output: task.output.map(({ content }) => ({
      content: content.map(({ type, url, size, jobId }) => ({ type, url, size, jobId })),
    })),
    usage: ofUsage(task.usage),
    error: task.error && { code: task.error.code, message: task.error.message },
    metadata: {
      in_queue_at: task.metadata.inQueueUnix,
      upload_at: task.metadata.uploadUnix,
      completed_at: task.metadata.completedUnix,
    },
  };
}

export function ofEstimate(estimate: Estimate | null): unknown {
  return (
    estimate && {
      cost: money(estimate.cost),
      currency: estimate.currency,
      discount: digits(estimate.discount),
      billing_model: estimate.billingModel,
      model: estimate.model,
      sample_count: estimate.sampleCount,
      updated_at: estimate.updatedUnixMs,
    }
  );
}

export function ofImage(image: Image): unknown {
  return {
    task_id: image.taskId,
    url: image.url,
    size: image.size,
    job_id: image.jobId,
    width: image.width,
    height: image.height,
    usage: ofUsage(image.usage),
  };
}

export function ofEvent(event: TaskEvent): unknown {
  return {
    event: event.kind,
    task_id: event.taskId,
    elapsed_seconds: event.elapsedSeconds,
    progress: event.progress,
    delay_seconds: event.delaySeconds,
    error: event.error && ofError(event.error),
    task: event.snapshot && ofTask(event.snapshot),
  };
}

export function ofViolations(violations: readonly Violation[]): unknown {
  return violations.map(({ code, field, message }) => ({ code, field, message }));
}

export function ofReport(report: Report): unknown {
  return {
    valid: report.valid,
    violations: ofViolations(report.violations),
    warnings: report.warnings.map(({ field, message }) => ({ field, message })),
  };
}

export function ofError(error: SparkT2iError): unknown {
  return {
    kind: error.kind,
    message: error.message,
    code: error.code,
    violations: ofViolations(error.violations),
    http_status: error.httpStatus,
    task_id: error.taskId,
    retryable: error.retryable,
    charged: error.charged,
    retry_after_seconds: error.retryAfterSeconds,
    body: error.body,
    // Of an aborted call it is whatever the signal was aborted with.
    cause: error.cause === undefined ? null : String(error.cause),
  };
}

export function ofStats(stats: Stats): unknown {
  return {
    create_requests: stats.createRequests,
    status_requests: stats.statusRequests,
    estimate_requests: stats.estimateRequests,
    download_requests: stats.downloadRequests,
    retries: stats.retries,
    submitted: stats.submitted,
    outcomes_unknown: stats.outcomesUnknown,
    completed: stats.completed,
    failed: stats.failed,
    waiting: stats.waiting,
    queued: stats.queued,
    running: stats.running,
    lag_seconds: stats.lagSeconds,
    poll_price: stats.pollPrice,
    requests_per_second_allowed: stats.requestsPerSecondAllowed,
    requests_per_second_used: stats.requestsPerSecondUsed,
    downloaded_bytes: stats.downloadedBytes,
    cost: money(stats.cost),
  };
}
