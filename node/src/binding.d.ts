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

/** A client. */
export declare class Client {
  constructor(options: Given)
  get maxInFlight(): number
  generate(given: Given, model: string | undefined | null, timeout: Given, watch: boolean): number
  submit(given: Given, model: string | undefined | null, timeout: Given): number
  estimate(given: Given, model: string | undefined | null, timeout: Given): number
  task(id: string): Task
  aboutImage(image: Kept): Js
  imageBytes(image: Kept, timeout: Given): number
  saveImage(image: Kept, path: Given, overwrite: boolean, addExtension: boolean, timeout: Given): number
  many(): Many
  stats(): Js
}

/** The service on loopback, inside this process. */
export declare class Emulator {
  constructor(options: Given)
  get url(): string
  /** Its counters, as JSON. */
  stats(): string
  faults(): Array<string>
  setFaults(faults: Given): void
  stop(): void
}

/** Many images at once. */
export declare class Many {
  /** A call that yields what becomes of them: `[index, image or null, error or null]` each. It has no end. */
  call(): number
  /** Begins one more. */
  add(index: number, given: Given, model: string | undefined | null, timeout: Given): void
}

/** A task. */
export declare class Task {
  get id(): string
  get lagSeconds(): number | null
  snapshot(): Js
  images(): Array<Kept>
  wait(timeout: Given, watch: boolean): number
  events(timeout: Given): number
  refresh(timeout: Given): number
}

/** Ends a call at once, as cancelled; nothing happens to one that has ended. The tasks at the service go on. */
export declare function cancel(call: number): void

/** The same, for whoever does not want to know its end. */
export declare function forget(call: number): void

/** Whether the process shall stay alive for what is to come. */
export declare function hold(on: boolean): void

/**
 * From now on this thread is told log records of this level and above: 10 for debug, 20 for info, 30 for warnings, 40 for
 * errors, 50 for none.
 */
export declare function listen(level: number): void

/** What there is of a call now: null, `[false, item]`, or `[true, result]`. */
export declare function poll(call: number): [boolean, Js] | null

/** Runs the command `spark-t2i`, on this thread; returns its exit code. */
export declare function runCommandLine(arguments: Array<string>): number

/** Width and height of a preset's name or of `WIDTHxHEIGHT`. */
export declare function size(text: string): [width: number, height: number]

/**
 * To be called once before anything else. `build` makes the objects of this package, from a name and fields; `signal` is
 * called when there are news.
 */
export declare function start(build: Build, signal: () => void): void

/** What came since the last time. */
export declare function takeNews(): Array<News>

/** The verdict on parameters: an object, or JSON text. */
export declare function validate(parameters: Given): Js

/** The version of this library, which must be that of the package. */
export declare const VERSION: string

/** Has the number of a call among the news as soon as there is something. */
export declare function wake(call: number): void
