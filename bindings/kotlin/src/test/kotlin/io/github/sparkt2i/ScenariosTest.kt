package io.github.sparkt2i

import java.io.Closeable
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.CopyOnWriteArrayList
import java.util.zip.CRC32
import kotlin.io.path.createDirectory
import kotlin.io.path.fileSize
import kotlin.io.path.isRegularFile
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name
import kotlin.io.path.nameWithoutExtension
import kotlin.io.path.readBytes
import kotlin.io.path.writeText
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit
import kotlin.time.TimeSource
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.sync.Semaphore
import kotlinx.coroutines.sync.withPermit
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** Every scenario: the contract is `tests/conformance/README.md`. */
class ScenariosTest {
    private val verdicts = ConcurrentHashMap<String, JsonObject>()
    private val troubles = ConcurrentHashMap<String, Throwable>()
    private val keys = ConcurrentHashMap<String, String>()
    private val log = CopyOnWriteArrayList<String>()

    @TestFactory
    fun scenarios(): List<DynamicTest> {
        val names = FIXTURES.resolve("scenarios").listDirectoryEntries("*.json").map { it.nameWithoutExtension }.sorted()
        check(names.size > 100) { "there are ${names.size} scenarios" }
        Logging.listen(LogLevel.TRACE) { log += "${it.level} ${it.target} ${it.message}" }.use {
            ScenarioServer().use { server -> runAll(server, names) }
        }
        val each = names.map { name -> dynamicTest(name) { check(name) } }
        return each + dynamicTest("no key is logged") {
            assertFalse(log.isEmpty(), "nothing was logged")
            for ((name, key) in keys) {
                assertTrue(log.none { key in it }, "the key of $name was logged")
            }
        }
    }

    private fun runAll(server: ScenarioServer, names: List<String>) = runBlocking(Dispatchers.IO) {
        val room = Semaphore(16)
        for (name in names) {
            launch {
                room.withPermit {
                    try {
                        val case = server.case(name, "kotlin")
                        keys[name] = case.getValue("options").jsonObject.text("api_key")
                        verdicts[name] = server.verdict(name, "kotlin", Run(case).use { it.outcome() })
                    } catch (trouble: Exception) {
                        troubles[name] = trouble
                    }
                }
            }
        }
    }

    private fun check(name: String) {
        troubles[name]?.let { throw AssertionError("$name was not run to its end", it) }
        val verdict = verdicts.getValue(name)
        assertTrue(verdict.getValue("passed").jsonPrimitive.boolean) {
            "$name: ${verdict["about"]}\n${verdict["differences"]}\n${verdict["requests"]}"
        }
    }
}

/** The server of the scenarios, in a process of its own. */
private class ScenarioServer : Closeable {
    private val process = ProcessBuilder(
        property("spark-t2i.command"), "serve", "--quiet", "--scenarios", FIXTURES.resolve("scenarios").toString(),
    ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val url = process.inputReader().readLine().orEmpty().trim()
    private val http = HttpClient.newHttpClient()

    init {
        check(url.startsWith("http://127.0.0.1:")) { "the server did not start: it said \"$url\"" }
    }

    fun case(name: String, run: String): JsonObject = exchange("/scenarios/$name@$run", null)

    fun verdict(name: String, run: String, outcome: JsonObject): JsonObject =
        exchange("/scenarios/$name@$run/verdict", outcome.toString())

    private fun exchange(path: String, body: String?): JsonObject {
        val request = HttpRequest.newBuilder(URI(url + path))
        if (body != null) request.POST(HttpRequest.BodyPublishers.ofString(body))
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() == 200) { "$path: ${answer.statusCode()} ${answer.body()}" }
        return Json.parseToJsonElement(answer.body()).jsonObject
    }

    override fun close() {
        process.destroyForcibly().waitFor()
    }
}

/** One run of a case, with a folder of its own. */
private class Run(case: JsonObject) : Closeable {
    private val options = case.getValue("options").jsonObject
    private val call = case.getValue("call").jsonObject
    private val place: Path = Files.createTempDirectory("spark-t2i-")
    private val folder = place.resolve("folder").createDirectory()

    override fun close() {
        place.toFile().deleteRecursively()
    }

    suspend fun outcome(): JsonObject {
        val begin = TimeSource.Monotonic.markNow()
        val outcome = try {
            client().use { client -> made(client) + ("stats" to form(client.stats())) }
        } catch (error: SparkT2iException) {
            form("error" to form(error))
        }
        return JsonObject(
            outcome + mapOf("seconds" to json(begin.elapsedNow().toDouble(DurationUnit.SECONDS)), "folder" to files()),
        )
    }

    private fun client(): Client {
        val known = setOf(
            "api_key", "base_url", "ca_bundle_pem", "connect_timeout_seconds", "request_timeout_seconds",
            "wait_timeout_seconds", "poll_interval_seconds", "max_retries", "max_requests_per_second", "max_in_flight",
            "headers", "user_agent_suffix", "on_outcome_unknown",
        )
        check(known.containsAll(options.keys)) { "no such option: ${options.keys - known}" }
        fun seconds(name: String) = options["${name}_seconds"]?.jsonPrimitive?.double?.seconds
        return Client(
            apiKey = options.text("api_key"),
            baseUrl = options.text("base_url"),
            connectTimeout = seconds("connect_timeout"),
            requestTimeout = seconds("request_timeout"),
            waitTimeout = seconds("wait_timeout"),
            pollInterval = seconds("poll_interval"),
            maxRetries = options["max_retries"]?.jsonPrimitive?.int,
            maxRequestsPerSecond = options["max_requests_per_second"]?.jsonPrimitive?.double,
            maxInFlight = options["max_in_flight"]?.jsonPrimitive?.int,
            headers = options["headers"]?.jsonObject?.mapValues { it.value.jsonPrimitive.content }.orEmpty(),
            // Outside of the folder that is looked at in the end.
            caBundle = options["ca_bundle_pem"]?.let { pem ->
                place.resolve("bundle.pem").also { it.writeText(pem.jsonPrimitive.content) }
            },
            userAgentSuffix = options["user_agent_suffix"]?.jsonPrimitive?.content,
            onOutcomeUnknown = options["on_outcome_unknown"]
                ?.let { OnOutcomeUnknown.valueOf(it.jsonPrimitive.content.uppercase()) } ?: OnOutcomeUnknown.FAIL,
        )
    }

    private suspend fun made(client: Client): JsonObject = coroutineScope {
        val copies = call["copies"]?.jsonPrimitive?.int ?: return@coroutineScope once(client)
        form("each" to (1..copies).map { async { once(client) } }.awaitAll())
    }

    private suspend fun once(client: Client): JsonObject {
        val after = call["cancel_after_seconds"]?.jsonPrimitive?.double?.seconds ?: return ended(client)
        lateinit var outcome: JsonObject
        coroutineScope {
            val work = launch(start = CoroutineStart.UNDISPATCHED) {
                outcome = try {
                    ended(client)
                } catch (cancelled: CallCancelledException) {
                    form("cancelled" to true, "error" to form(cancelled.error))
                }
            }
            delay(after)
            work.cancel()
            work.join()
        }
        return outcome
    }

    private suspend fun ended(client: Client): JsonObject = try {
        form("result" to result(client))
    } catch (error: SparkT2iException) {
        form("error" to form(error))
    }

    private suspend fun result(client: Client): JsonElement = when (val word = call.text("do")) {
        "submit" -> client.submit(request()).let { task -> form("task_id" to task.id, "status" to task.status?.let(::word)) }
        "generate" -> form(client.generate(request()))
        "wait" -> form(task(client).wait())
        "refresh" -> form(task(client).refresh())
        "estimate" -> form(client.estimate(request()))
        "events" -> json(task(client).events().map { form(it) }.toList())
        "generate_many" -> json(
            client.generateMany(call.getValue("requests").jsonArray.map { request(it.jsonObject) }).toList()
                .sortedBy { it.index }
                .map { made ->
                    val image = made.image
                    if (image != null) form("index" to made.index, "result" to form(image))
                    else form("index" to made.index, "error" to made.error?.let { form(it) })
                },
        )
        "bytes" -> task(client).wait().bytes().let { form("bytes" to it.size, "crc32" to crc32(it)) }
        "save" -> {
            prepare()
            val overwrite = call["overwrite"]?.jsonPrimitive?.boolean ?: false
            task(client).wait().save(target, overwrite).let { form("file" to it.path.name, "bytes" to it.bytes) }
        }
        else -> error("no such call: $word")
    }

    private suspend fun task(client: Client): Task =
        call["task_id"]?.let { client.task(it.jsonPrimitive.content) } ?: client.submit(request())

    private fun request() = request(call.getValue("parameters").jsonObject)

    private val target get() = folder.resolve(call.text("file"))

    /** What stands in the way of a file. */
    private fun prepare() {
        val existing = call.given("existing") ?: return
        if (existing is JsonPrimitive) target.writeText(existing.content) else target.createDirectory()
    }

    private fun files(): JsonElement = json(
        folder.listDirectoryEntries().sorted().map {
            val whole = it.isRegularFile()
            form(
                "name" to it.name,
                "bytes" to if (whole) it.fileSize() else null,
                "crc32" to if (whole) crc32(it.readBytes()) else null,
            )
        },
    )
}

private fun crc32(bytes: ByteArray): Long = CRC32().apply { update(bytes) }.value

/** The typed request: what is wrong with it is for the client to find. */
internal fun request(parameters: JsonObject): Request {
    val known = setOf("prompt", "width", "height", "seed", "use_pre_llm", "model")
    check(known.containsAll(parameters.keys)) { "not to be expressed: $parameters" }
    return Request(
        prompt = text(parameters.getValue("prompt")),
        width = parameters.given("width")?.jsonPrimitive?.int,
        height = parameters.given("height")?.jsonPrimitive?.int,
        seed = parameters.given("seed")?.jsonPrimitive?.long,
        usePreLlm = parameters.given("use_pre_llm")?.jsonPrimitive?.boolean,
        model = parameters.given("model")?.takeIf { it !is JsonNull }?.jsonPrimitive?.content,
    )
}
