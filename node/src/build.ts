/** What the native part builds its results with: each by the name and the order of fields that it has there. */

import { SparkT2iError } from './errors';
import type * as values from './values';

type Build = (...fields: never[]) => unknown;

/** A frozen object with these names, of fields in their order. */
function record<T>(...names: (keyof T & string)[]): (...fields: unknown[]) => T {
  return (...fields) => Object.freeze(Object.fromEntries(names.map((name, at) => [name, frozen(fields[at])]))) as T;
}

function frozen(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze(value) : value;
}

const BUILD: { readonly [name: string]: Build } = {
  Status: (value: string) => value,
  EventKind: (value: string) => value,
  Violation: record<values.Violation>('code', 'field', 'message'),
  ParameterWarning: record<values.ParameterWarning>('field', 'message'),
  Report: (violations: values.Violation[], warnings: values.ParameterWarning[]): values.Report =>
    Object.freeze({
      valid: violations.length === 0,
      violations: Object.freeze(violations),
      warnings: Object.freeze(warnings),
    }),
  Error: (
    _text: string,
    kind: string,
    message: string,
    code: string | null,
    violations: values.Violation[],
    httpStatus: number | null,
    taskId: string | null,
    retryable: boolean,
    charged: string,
    retryAfterSeconds: number | null,
    body: string | null,
    cause: string | null,
  ) =>
    new SparkT2iError({
      kind,
      message,
      code,
      violations: Object.freeze(violations),
      httpStatus,
      taskId,
      retryable,
      charged,
      retryAfterSeconds,
      body,
      cause,
    }),
  Usage: record<values.Usage>('cost', 'discount', 'inputTokens', 'outputTokens', 'totalTokens'),
  Content: record<values.Content>('type', 'url', 'size', 'jobId'),
  Output: record<values.Output>('content'),
  ServerError: record<values.ServerError>('code', 'message'),
  Metadata: record<values.Metadata>('inQueueUnix', 'uploadUnix', 'completedUnix'),
  TaskSnapshot: record<values.TaskSnapshot>(
    'id',
    'status',
    'model',
    'createdUnix',
    'progress',
    'output',
    'usage',
    'error',
    'metadata',
    'raw',
  ),
  AboutImage: record<values.AboutImage>('taskId', 'url', 'size', 'jobId', 'width', 'height', 'snapshot'),
  Estimate: record<values.Estimate>(
    'cost',
    'currency',
    'discount',
    'billingModel',
    'model',
    'sampleCount',
    'updatedUnixMs',
    'raw',
  ),
  Event: record<values.TaskEvent>('kind', 'taskId', 'elapsedSeconds', 'progress', 'delaySeconds', 'error', 'snapshot'),
  Saved: record<values.Saved>('path', 'bytes', 'format', 'width', 'height'),
  LagStats: record<values.LagStats>('count', 'mean', 'p95'),
  Stats: record<values.Stats>(
    'createRequests',
    'statusRequests',
    'estimateRequests',
    'downloadRequests',
    'retries',
    'submitted',
    'outcomesUnknown',
    'completed',
    'failed',
    'waiting',
    'queued',
    'running',
    'lagSeconds',
    'pollPrice',
    'requestsPerSecondAllowed',
    'requestsPerSecondUsed',
    'downloadedBytes',
    'cost',
  ),
};

/** The object of this name with these fields. */
export function build(name: string, ...fields: unknown[]): unknown {
  const make = BUILD[name];
  if (make === undefined) {
    throw new Error(`the native part tells of a ${name}, which this package does not know`);
  }
  return make(...(fields as never[]));
}
