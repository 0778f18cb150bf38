package io.github.sparkt2i.benchmarks

import java.io.BufferedReader
import java.nio.file.Path
import java.util.Locale
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.double
import kotlinx.serialization.json.doubleOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

internal const val LATENCY = "lognormal:12s:0.25"
internal val MEDIAN = 12.seconds
private val INTERVAL = 3.seconds

/** Completions that are measured, for each task in flight. */
internal const val COMPLETIONS = 3

/**
 * The lag that a request is worth to our own polling: so much that it sends no more than the loop does. (At the default of
 * 0.1 s it sends some more, and is told sooner.)
 */
private val POLL_COST = 140.milliseconds

/** One median to spread the tasks, and one more to learn from them. The JVM has compiled by then what runs often. */
internal val WARM_UP = MEDIAN * 2
internal val LIMIT = MEDIAN * 5

private class Subject(val contender: String, val interval: Duration?)

private val SUBJECTS = mapOf(
    "HttpClient, 3 s" to Subject("by hand", INTERVAL),
    "spark-t2i, 3 s" to Subject("ours", INTERVAL),
    "spark-t2i" to Subject("ours", null),
)

private class Figures(done: JsonObject, before: JsonObject, after: JsonObject) {
    val completed = done.getValue("completed").jsonPrimitive.int
    val failed = done.getValue("failed").jsonPrimitive.int
    val memory = done.getValue("mostMemory").jsonPrimitive.double / 1e6
    val cpu = 1000 * done.number("cpuSeconds") / completed

    // With as many tasks under way before as after, requests and ends of the same time belong together; and the lags told in it
    // are those told until its end without those until its begin.
    private val lags = after.part("lag_seconds")
    private val earlier = before.part("lag_seconds")
    private val told = lags.number("count") - earlier.number("count")
    val requests = (after.part("requests").number("status") - before.part("requests").number("status")) / told
    val lag = (lags.number("mean") * lags.number("count") - earlier.number("mean") * earlier.number("count")) / told
}

private fun JsonObject.part(name: String) = getValue(name).jsonObject

private fun JsonObject.number(name: String) = getValue(name).jsonPrimitive.doubleOrNull ?: 0.0

private fun BufferedReader.json() = Json.parseToJsonElement(readLine()).jsonObject

private fun java(main: Class<*>, arguments: List<String>): Process {
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val command = listOf(java, "-cp", System.getProperty("java.class.path"), main.name) + arguments
    return ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start()
}

private fun measure(name: String, subject: Subject, tasks: Int): Figures {
    val server = java(Server::class.java, listOf(LATENCY))
    val answers = server.inputReader()
    val url = answers.readLine()
    fun stats(): JsonObject {
        server.outputWriter().apply { write("stats\n"); flush() }
        return answers.json()
    }
    val load = java(Load::class.java, Job(subject.contender, url, tasks, subject.interval, POLL_COST).arguments())
    try {
        val told = load.inputReader()
        check(told.readLine() == "measuring") { "$name did not begin" }
        val before = stats()
        val done = told.json()
        val figures = Figures(done, before, stats())
        if (figures.failed > 0) System.err.println("$name: ${figures.failed} failed: ${done.getValue("firstFailure").jsonPrimitive.contentOrNull}")
        return figures
    } finally {
        load.destroyForcibly()
        server.destroyForcibly()
    }
}

/** The memory of a JVM that does nothing, in MB. */
private fun idle(): Double {
    val load = java(Load::class.java, Job("nothing", "-", 0, null, null).arguments())
    val told = load.inputReader()
    check(told.readLine() == "measuring") { "an idle process did not begin" }
    return told.json().number("mostMemory") / 1e6
}

/**
 * What waiting costs with 1 000 tasks in flight: this package beside a loop as one writes it by hand with the JDK's HTTP
 * client, 3 s between two looks and a coroutine for each task. Each runs in a process of its own, whose CPU time is taken, against
 * an emulator of its own, whose counters tell the lag and the requests.
 */
internal object Waiting {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val tasks = arguments.firstOrNull()?.toInt() ?: 1000
        System.err.println("an idle process …")
        val idle = idle()
        val figures = SUBJECTS.mapValues { (name, subject) ->
            System.err.println("$tasks tasks in flight, by $name …")
            measure(name, subject, tasks)
        }
        val all = figures.values.toList()
        val hand = all.first()
        fun row(name: String, cells: List<String>, target: String = "") =
            println((name.padEnd(38) + cells.joinToString("") { it.padStart(17) } + "  $target").trimEnd())
        fun number(value: Double) = String.format(Locale.ROOT, "%.2f", value)
        row("$tasks tasks in flight, $LATENCY", figures.keys.toList())
        row("CPU a task", all.map { "${number(it.cpu)} ms" })
        row("requests for the state a task", all.map { number(it.requests) })
        row("mean lag", all.map { "${number(it.lag)} s" })
        row("memory, the most", all.map { "${it.memory.toInt()} MB" }, "an idle JVM: ${idle.toInt()} MB")
        row("completed, and failed", all.map { "${it.completed}, ${it.failed}" })
        println()
        row("over the loop by hand", figures.keys.toList().mapIndexed { at, name -> if (at == 0) "" else name }, "target")
        fun over(name: String, target: String, of: (Figures) -> Double) =
            row(name, listOf("") + all.drop(1).map { number(of(it) / of(hand)) }, target)
        over("CPU a task", "< 1 at 3 s") { it.cpu }
        over("memory above an idle JVM", "") { it.memory - idle }
        over("mean lag", "") { it.lag }
        over("requests for the state", "") { it.requests }
    }
}
