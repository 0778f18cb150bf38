package io.github.sparkt2i

import com.sun.jna.NativeLibrary
import com.sun.net.httpserver.HttpServer
import java.io.Closeable
import java.lang.management.ManagementFactory
import java.net.InetAddress
import java.net.InetSocketAddress
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.Paths
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.Executors
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.readText
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

internal val CHECKOUT: Path = Paths.get(property("spark-t2i.checkout"))
internal val FIXTURES: Path = CHECKOUT.resolve("tests/fixtures")

internal const val KEY = "key-of-the-tests-9f2c"

internal fun property(name: String): String =
    checkNotNull(System.getProperty(name)) { "$name is not set: these tests are run by `cargo xtask test kotlin`" }

/** A text of a fixture, which may be in pieces. */
internal fun text(pieces: JsonElement): String = when (pieces) {
    is JsonArray -> pieces.joinToString("") { piece ->
        if (piece is JsonObject) piece.text("text").repeat(piece.getValue("times").jsonPrimitive.int) else text(piece)
    }
    else -> pieces.jsonPrimitive.content
}

/** All cases of a folder of fixtures. */
internal fun cases(folder: String): List<JsonObject> {
    val files = FIXTURES.resolve(folder).listDirectoryEntries("*.json").sorted()
    val found = files.flatMap { Json.parseToJsonElement(it.readText()).jsonObject.getValue("cases").jsonArray }
    check(found.isNotEmpty()) { "$folder holds no cases" }
    return found.map { it.jsonObject }
}

internal fun JsonObject.text(name: String): String = getValue(name).jsonPrimitive.content

/** The value with this name, unless it is not there or null. */
internal fun JsonObject.given(name: String): JsonElement? = get(name)?.takeIf { it !is JsonNull }

/** Whether two canonical forms are equal: texts exactly, numbers by value. */
internal fun same(one: JsonElement, other: JsonElement): Boolean = when {
    one is JsonObject && other is JsonObject ->
        one.keys == other.keys && one.all { (name, value) -> same(value, other.getValue(name)) }
    one is JsonArray && other is JsonArray -> one.size == other.size && one.zip(other).all { (left, right) -> same(left, right) }
    one is JsonPrimitive && other is JsonPrimitive -> {
        val numbers = listOf(one, other).map { if (it.isString) null else it.content.toDoubleOrNull() }
        if (null in numbers) one == other else numbers[0] == numbers[1]
    }
    else -> false
}

/** A server on loopback that gives every request the same answer, which may be changed at any time. */
internal class FixedServer : Closeable {
    @Volatile var status: Int = 200

    @Volatile var body: ByteArray = "{}".toByteArray()

    val requests = CopyOnWriteArrayList<String>()

    private val threads = Executors.newCachedThreadPool()
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0).apply {
        executor = threads
        createContext("/") { exchange ->
            requests += exchange.requestBody.readBytes().decodeToString()
            exchange.responseHeaders.set("Content-Type", "application/json")
            val answer = body
            exchange.sendResponseHeaders(status, if (answer.isEmpty()) -1 else answer.size.toLong())
            exchange.responseBody.use { if (answer.isNotEmpty()) it.write(answer) }
        }
        start()
    }

    val url = "http://127.0.0.1:${server.address.port}"

    override fun close() {
        server.stop(0)
        threads.shutdownNow()
    }
}

/** A program of these tests in a JVM of its own, with what it prints in one stream. */
internal fun java(
    main: String,
    vararg arguments: String,
    libraries: String = System.getProperty("jna.library.path").orEmpty(),
    options: List<String> = emptyList(),
): Process {
    val java = Path.of(System.getProperty("java.home"), "bin", "java").toString()
    val settings = listOf("-cp", System.getProperty("java.class.path"), "-Djna.library.path=$libraries") + options
    return ProcessBuilder(listOf(java) + settings + main + arguments).redirectErrorStream(true).start()
}

/** Waits for something that must come about. */
internal fun until(what: String, atMost: Duration = 20.seconds, condition: () -> Boolean) {
    val begin = TimeSource.Monotonic.markNow()
    while (!condition()) {
        check(begin.elapsedNow() < atMost) { "$what: not within $atMost" }
        Thread.sleep(10)
    }
}

/** What the system tells of this process: bytes in memory, open files, threads. */
internal data class Footprint(val bytes: Long, val files: Int, val threads: Int)

internal fun footprint(): Footprint {
    var now = look()
    do {
        val before = now
        now = look()
    } while (now.bytes < before.bytes - 1_000_000)
    return now
}

private fun look(): Footprint {
    System.gc()
    // What is no more referred to is given back by a thread of its own, after a collection.
    Thread.sleep(300)
    // What is given back in pieces, the C library keeps for later.
    NativeLibrary.getInstance("c").getFunction("malloc_trim").invokeInt(arrayOf(0L))
    val pages = Paths.get("/proc/self/statm").readText().split(" ")[1].toLong()
    val files = Files.list(Paths.get("/proc/self/fd")).use { it.count().toInt() }
    return Footprint(pages * 4096, files, ManagementFactory.getThreadMXBean().threadCount)
}

/** The same, once it has come back to where it was. */
internal fun footprintLike(before: Footprint): Footprint {
    val begin = TimeSource.Monotonic.markNow()
    while (true) {
        val now = footprint()
        if (now.bytes < before.bytes + 24_000_000 && now.files <= before.files + 4 && now.threads <= before.threads + 4) return now
        check(begin.elapsedNow() < 20.seconds) { "it was $before, and does not come back: $now" }
    }
}
