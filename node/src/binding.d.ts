/* The types of the native part, written by napi from bindings/node; `cargo xtask test node` compares. */

/** Anything: the core says what is wrong with it. */
type Given = unknown

/** What a value of the bridge is in JavaScript. */
type Js = unknown

/** Makes an object of this package from its name and its fields. */
type Build = (name: string, ...fields: unknown[]) => unknown

/** The number of a call that has something, or a log record: level, target and message. */
type News = number | [level: string, target: string, message: string]

/** A call under way. It is cancelled when it is collected; what has ended does not wait for that. */
export declare class Call {
  /** The ids of the tasks that it is after now, as far as they are known. */
  get taskIds(): Array<string>
  /** What there is now: null, `[false, item]`, or `[true, result]`. */
  poll(): [boolean, Js] | null
  /** Has this number among the news as soon as there is something. */
  wake(number: number): void
  /** Ends it at once, as cancelled. The tasks at the service go on. */
  cancel(): void
}

/** A client. */
export declare class Client {
  constructor(options: Given)
  get maxInFlight(): number
  generate(given: Given, model: string | undefined | null, timeout: Given, watch: boolean): Call
  submit(given: Given, model: string | undefined | null, timeout: Given): Call
  estimate(given: Given, model: string | undefined | null, timeout: Given): Call
  task(id: string): Task
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

/** A finished image, and how many bytes JavaScript was told that it has. */
export declare class Image {
  /** What is known of it without fetching it. */
  about(): Js
  bytes(timeout: Given): Call
  save(path: Given, overwrite: boolean, addExtension: boolean, timeout: Given): Call
}

/** Many images at once. */
export declare class Many {
  /** What becomes of them: `[index, image or null, error or null]` each. It has no end. */
  call(): Call
  /** Begins one more. */
  add(index: number, given: Given, model: string | undefined | null, timeout: Given): void
}

/** A task. */
export declare class Task {
  get id(): string
  get lagSeconds(): number | null
  snapshot(): Js
  images(): Array<Image>
  wait(timeout: Given, watch: boolean): Call
  events(timeout: Given): Call
  refresh(timeout: Given): Call
}

/** Whether the process shall stay alive for what is to come. */
export declare function hold(on: boolean): void

/**
 * From now on this thread is told log records of this level and above: 10 for debug, 20 for info, 30 for warnings, 40 for
 * errors, 50 for none.
 */
export declare function listen(level: number): void

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
