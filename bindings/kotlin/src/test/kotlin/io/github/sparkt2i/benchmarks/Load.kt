package io.github.sparkt2i.benchmarks

import com.sun.management.OperatingSystemMXBean
import io.github.sparkt2i.Client
import io.github.sparkt2i.NativeEmulator
import io.github.sparkt2i.NativeEmulatorOptions
import io.github.sparkt2i.told
import java.lang.management.ManagementFactory
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Path
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicReference
import kotlin.io.path.readLines
import kotlin.system.exitProcess
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.TimeSource
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.future.await
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put

private const val PROMPT = "a red fox in the snow"

/** Any will do: it goes to this machine only. */
private const val KEY = "bench-waiting"

/** A loop as one writes it by hand with the HTTP client of the JDK: a coroutine a task, and a pause between two looks. */
private fun byHand(url: String, interval: Duration): suspend () -> Unit {
    val client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()
    val body = """{"model":"spark_t2i_3_0","input":[{"params":{"prompt":"$PROMPT"}}]}"""
    fun request(path: String) = HttpRequest.newBuilder(URI("$url/model/v1/generation$path")).header("Authorization", "Bearer $KEY")
    suspend fun read(request: HttpRequest): JsonObject {
        val answer = client.sendAsync(request, BodyHandlers.ofString()).await()
        check(answer.statusCode() in 200..299) { "HTTP ${answer.statusCode()}" }
        return Json.parseToJsonElement(answer.body()).jsonObject
    }
    fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.content
    return {
        val submit = request("").header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build()
        var task = read(submit)
        while (task.text("status") != "completed" && task.text("status") != "failed") {
            delay(interval)
            task = read(request("/task/${task.text("id")}").build())
        }
        check(task.text("status") == "completed") { "the task failed" }
    }
}

private fun ours(url: String, interval: Duration?, pollCost: Duration?): suspend () -> Unit {
    val client = Client(apiKey = KEY, baseUrl = url, pollInterval = interval, pollCost = pollCost, maxRequestsPerSecond = 0.0)
    return { client.generate(PROMPT) }
}

/** Of all threads of this process, the system's part included. */
private fun cpu(): Long = (ManagementFactory.getOperatingSystemMXBean() as OperatingSystemMXBean).processCpuTime

/** Bytes, where the system tells them. */
private fun mostMemory(): Long {
    val line = runCatching { Path.of("/proc/self/status").readLines().first { it.startsWith("VmHWM:") } }.getOrNull()
    return line?.filter { it.isDigit() }?.toLong()?.times(1024) ?: 0
}

/** What the process that is measured is told. */
internal class Job(val contender: String, val url: String, val tasks: Int, val interval: Duration?, val pollCost: Duration?) {
    fun arguments(): List<String> = listOf(contender, url, "$tasks", "${interval ?: "-"}", "${pollCost ?: "-"}")

    companion object {
        fun of(arguments: Array<String>): Job {
            val (contender, url, tasks, interval, pollCost) = arguments
            fun span(text: String) = if (text == "-") null else Duration.parse(text)
            return Job(contender, url, tasks.toInt(), span(interval), span(pollCost))
        }
    }
}

/** The process that is measured. It says a line when the measured part begins, and what came of it when that ends. */
internal object Load {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val job = Job.of(arguments)
        runBlocking(Dispatchers.Default) { load(job) }
    }

    private suspend fun load(job: Job): Nothing = coroutineScope {
        val one = when (job.contender) {
            "by hand" -> byHand(job.url, checkNotNull(job.interval))
            "ours" -> ours(job.url, job.interval, job.pollCost)
            else -> suspend { delay(Duration.INFINITE) }
        }
        val completed = AtomicInteger()
        val failed = AtomicInteger()
        val firstFailure = AtomicReference<String>()
        repeat(job.tasks) { number ->
            launch {
                // Spread, as tasks must not go in step.
                delay(MEDIAN * number / job.tasks)
                while (true) {
                    try {
                        one()
                        completed.incrementAndGet()
                    } catch (error: Exception) {
                        failed.incrementAndGet()
                        firstFailure.compareAndSet(null, "$error")
                        // Where something is wrong, no storm of requests is to be measured.
                        delay(1.seconds)
                    }
                }
            }
        }
        delay(if (job.tasks == 0) 5.seconds else WARM_UP)
        val begin = TimeSource.Monotonic.markNow()
        val (before, already) = cpu() to completed.get()
        println("measuring")
        while (completed.get() - already < COMPLETIONS * job.tasks && begin.elapsedNow() < LIMIT) delay(50.milliseconds)
        val done = buildJsonObject {
            put("cpuSeconds", (cpu() - before) / 1e9)
            put("completed", completed.get() - already)
            put("failed", failed.get())
            put("firstFailure", firstFailure.get())
            put("seconds", begin.elapsedNow().toDouble(DurationUnit.SECONDS))
            put("mostMemory", mostMemory())
        }
        println(done)
        // The coroutines have no end of their own.
        System.out.flush()
        exitProcess(0)
    }
}

/** The emulator in a process of its own. It says its address, and tells its counters for each line that it is sent. */
internal object Server {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val none = NativeEmulatorOptions(null, null, null, null, null, null, null, null)
        val emulator = told { NativeEmulator(none.copy(latency = arguments.single(), progress = false)) }
        println(emulator.url())
        while (readlnOrNull() != null) println(emulator.stats().replace("\n", ""))
        exitProcess(0)
    }
}
