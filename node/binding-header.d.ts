/* The types of the native part, written by napi from bindings/node; `cargo xtask test node` compares. */

/** Anything: the core says what is wrong with it. */
type Given = unknown

/** What a value of the bridge is in JavaScript. */
type Js = unknown

/** Makes an object of this package from its name and its fields. */
type Build = (name: string, ...fields: unknown[]) => unknown

/** An image as plain data: its task, the JSON of the task's snapshot, which of its images it is, and the size asked for. */
type Kept = [taskId: string, raw: string, position: number, width: number | null, height: number | null]

/** The number of a call that has something, or a log record: level, target and message. */
type News = number | [level: string, target: string, message: string]
