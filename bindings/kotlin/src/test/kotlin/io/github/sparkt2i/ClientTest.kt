package io.github.sparkt2i

import io.github.sparkt2i.testing.Emulator
import java.math.BigDecimal
import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import kotlin.io.path.name
import kotlin.io.path.readBytes
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.take
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.condition.EnabledOnOs
import org.junit.jupiter.api.condition.OS
import org.junit.jupiter.api.io.TempDir

private val QUICK = 20.milliseconds

/** What users see of the client. */
class ClientTest {
    private val emulator = Emulator(latency = 50.milliseconds, price = BigDecimal("0.040"))
    private val client = emulator.client(pollInterval = QUICK)

    @AfterEach
    fun stop() {
        client.close()
        emulator.close()
    }

    @Test
    fun `an image is generated, looked at and saved`(@TempDir folder: Path) = runBlocking {
        val events = mutableListOf<Event>()
        val image = client.generate("a red fox in the snow", size = Size.WIDESCREEN, seed = 42, onEvent = { events += it })
        assertEquals(listOf(1664, 936), listOf(image.width, image.height))
        assertEquals(BigDecimal("0.040"), image.cost)
        assertEquals(image.cost, image.usage?.cost)
        assertEquals(EventKind.Submitted, events.first().kind)
        assertTrue(events.last().isTerminal)
        assertTrue(events.all { it.taskId == image.taskId })
        assertTrue(image.taskId in image.snapshot.raw)
        assertTrue(checkNotNull(image.snapshot.createdAt).epochSeconds > 1_600_000_000)

        val bytes = image.bytes()
        assertEquals(image.size, bytes.size.toLong())
        val saved = image.save(folder.resolve("fox"), addExtension = true)
        assertEquals("fox.png", saved.path.name)
        assertEquals(listOf(1664, 936), listOf(saved.width, saved.height))
        assertTrue(bytes.contentEquals(saved.path.readBytes()))
        val error = assertThrows<SparkT2iException.Io> { image.save(saved.path) }
        assertEquals(image.taskId, error.taskId)
        image.save(saved.path, overwrite = true)

        // The same picture again: seed and size reached the service.
        val again = client.generate(Request("a red fox in the snow", Size.WIDESCREEN, seed = 42))
        assertTrue(bytes.contentEquals(again.bytes()))
        assertNotEquals(image, again)
    }

    @Test
    fun `a task is submitted, watched, and taken up again by its id`() = runBlocking {
        val task = client.submit("a red fox", usePreLlm = false)
        assertEquals(Status.Queued, task.status)
        val events = task.events().toList()
        assertTrue(events.last().kind is EventKind.Completed)
        val same = client.task(task.id)
        assertEquals(task, same)
        assertNull(same.snapshot)
        val image = same.wait(timeout = 10.seconds)
        assertEquals(listOf(image), same.images)
        assertEquals(Status.Completed, same.refresh().status)
        assertNotNull(same.snapshot?.metadata?.completedAt)
        assertNull(image.width)
    }

    @Test
    fun `many are generated, and none is lost`() = runBlocking {
        val requests = (0 until 40).map { if (it == 7) Request("") else Request("a red fox, number $it", seed = it + 1L) }
        val ids = CopyOnWriteArrayList<Int>()
        val made = client.generateMany(requests) { index, event -> if (event.kind == EventKind.Submitted) ids += index }.toList()
        assertEquals((0 until 40).toList(), made.map { it.index }.sorted())
        assertEquals(((0 until 40) - 7).toList(), ids.sorted())
        for (generated in made) {
            assertSame(requests[generated.index], generated.request)
            if (generated.index == 7) {
                assertThrows<SparkT2iException.InvalidRequest> { generated.getOrThrow() }
            } else {
                assertEquals(generated.image, generated.getOrThrow())
            }
        }
    }

    @Test
    fun `no more are under way than there is room for, and a collector that stops ends the rest`() = runBlocking {
        val slow = Emulator(latency = 1.seconds)
        val few = Client(apiKey = KEY, baseUrl = slow.url, maxInFlight = 3, pollInterval = QUICK)
        var taken = 0
        val endless = flow { while (true) { taken++; emit(Request("a red fox")) } }
        val first = few.generateMany(endless).first()
        assertNotNull(first.image)
        // One more than there is room for may have been taken from the flow when the first was done, and one after it.
        assertTrue(taken <= 5) { "$taken were taken" }
        until("nothing is waited for") { few.stats().waiting == 0L }
        assertTrue(few.stats().submitted <= 5)
        few.close()
        slow.close()
    }

    @Test
    fun `what a flow of requests throws comes out of the flow`() {
        val broken = flow { emit(Request("a red fox")); throw IllegalStateException("no more") }
        val error = assertThrows<IllegalStateException> { runBlocking { client.generateMany(broken).toList() } }
        assertEquals("no more", error.message)
    }

    @Test
    fun `what a listener throws cancels the call and comes out of it`() = runBlocking {
        val error = assertThrows<IllegalStateException> {
            runBlocking { client.generate("a red fox", onEvent = { throw IllegalStateException("enough") }) }
        }
        assertEquals("enough", error.message)
        until("nothing is waited for") { client.stats().waiting == 0L }
    }

    @Test
    fun `sizes are those of the specification`() {
        val presets = mapOf(
            "1:1" to Size.SQUARE, "4:3" to Size.LANDSCAPE, "16:9" to Size.WIDESCREEN, "3:4" to Size.PORTRAIT, "9:16" to Size.TALL,
            "1:1-2k" to Size.SQUARE_2K, "4:3-2k" to Size.LANDSCAPE_2K, "16:9-2k" to Size.WIDESCREEN_2K,
            "3:4-2k" to Size.PORTRAIT_2K, "9:16-2k" to Size.TALL_2K,
        )
        for ((text, size) in presets) assertEquals(size, Size.of(text), text)
        assertEquals(Size(2560, 1440), Size.of("2560x1440"))
        assertTrue("17:9" in assertThrows<SparkT2iException.InvalidRequest> { Size.of("17:9") }.message)
        runBlocking<Unit> {
            assertThrows<IllegalArgumentException> { client.generate("a fox", size = Size.SQUARE, width = 512) }
        }
    }

    @Test
    fun `a failed task tells the service's reason and the id`() = runBlocking {
        Emulator(latency = 20.milliseconds, failureRate = 1.0).use { failing ->
            failing.client(pollInterval = QUICK).use {
                val task = it.submit("a red fox")
                val error = assertThrows<SparkT2iException.TaskFailed> { task.wait() }
                assertEquals(task.id, error.taskId)
                assertNotNull(error.code)
                assertEquals(Status.Failed, task.status)
                assertTrue(checkNotNull(task.status).isTerminal)
                assertTrue((task.events().toList().last().kind as EventKind.Failed).error is SparkT2iException.TaskFailed)
            }
        }
    }

    @Test
    fun `a timeout holds and tells the id, and an infinite one is none`() = runBlocking<Unit> {
        Emulator(latency = 3.seconds).use { slow ->
            slow.client(pollInterval = QUICK).use {
                val begin = TimeSource.Monotonic.markNow()
                val error = assertThrows<SparkT2iException.Timeout> { it.generate("a red fox", timeout = 300.milliseconds) }
                assertTrue(begin.elapsedNow() < 2.seconds)
                assertNotNull(error.taskId)
                assertTrue(error.retryable)
                it.task(checkNotNull(error.taskId)).wait(timeout = Duration.INFINITE)
            }
        }
        val message = assertThrows<SparkT2iException.InvalidRequest> { client.generate("a fox", timeout = (-1).seconds) }.message
        assertTrue("timeout" in message, message)
    }

    @Test
    fun `an option that cannot be is refused by name`() {
        val wrong = listOf<Pair<String, () -> Client>>(
            "max_retries" to { Client(apiKey = KEY, baseUrl = "http://127.0.0.1:9", maxRetries = -1) },
            "wait_timeout" to { Client(apiKey = KEY, baseUrl = "http://127.0.0.1:9", waitTimeout = (-1).seconds) },
            "userAgentSuffix" to { Client(apiKey = KEY, baseUrl = "http://127.0.0.1:9", userAgentSuffix = "\ud83e") },
            "base" to { Client(apiKey = KEY, baseUrl = "no address") },
        )
        for ((name, make) in wrong) {
            val error = assertThrows<SparkT2iException.InvalidRequest> { make().close() }
            assertTrue(name in error.message.lowercase() || name in error.message) { "$name: ${error.message}" }
        }
        assertFalse(KEY in assertThrows<SparkT2iException> { Client(apiKey = "$KEY\n", baseUrl = "http://127.0.0.1:9") }.toString())
    }

    @Test
    fun `a closed client is not to be used, but its tasks are`() = runBlocking {
        val other = emulator.client(pollInterval = QUICK)
        val task = other.submit("a red fox")
        other.close()
        other.close()
        assertThrows<IllegalStateException> { other.stats() }
        assertThrows<IllegalStateException> { other.generate("a fox") }
        assertEquals(task.id, task.wait().taskId)
    }

    @Test
    fun `counters and logs are told`() = runBlocking {
        val records = CopyOnWriteArrayList<LogRecord>()
        val listening = Logging.listen(LogLevel.DEBUG) { records += it }
        client.generate("a very secret fox")
        val stats = client.stats()
        assertEquals(listOf(1L, 1L, 1L), listOf(stats.createRequests, stats.submitted, stats.completed))
        assertEquals(0, BigDecimal("0.040").compareTo(stats.cost))
        until("something is logged") { records.any { it.target.startsWith("spark_t2i") } }
        assertTrue(records.none { "secret" in it.message })
        listening.close()
        Thread.sleep(100)
        val told = records.size
        client.generate("another fox")
        Thread.sleep(100)
        assertEquals(told, records.size)
    }

    @Test
    fun `a log listener that throws keeps nobody else from being told`() = runBlocking {
        val thrown = CopyOnWriteArrayList<Throwable>()
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, error -> thrown += error }
        val told = CopyOnWriteArrayList<LogRecord>()
        val listening = listOf(
            Logging.listen(LogLevel.DEBUG) { throw IllegalStateException("no room") },
            Logging.listen(LogLevel.DEBUG) { told += it },
        )
        client.generate("a red fox")
        until("both are told") { thrown.size > 1 && told.size > 1 }
        assertTrue(thrown.all { it.message == "no room" })
        listening.forEach { it.close() }
        Thread.setDefaultUncaughtExceptionHandler(before)
    }

    @Test
    fun `the emulator counts, and breaks on demand`() = runBlocking<Unit> {
        emulator.setFaults("http-500@estimate")
        assertThrows<SparkT2iException.Connection> { Client(apiKey = KEY, baseUrl = emulator.url, maxRetries = 0).use { it.estimate("a fox") } }
        emulator.setFaults()
        assertEquals("USD", client.estimate("a fox")?.currency)
        val stats = Json.parseToJsonElement(emulator.stats()).jsonObject
        assertEquals(2, stats.getValue("requests").jsonObject.getValue("estimate").jsonPrimitive.int)
        assertTrue("http-5" in assertThrows<SparkT2iException.InvalidRequest> { emulator.setFaults("http-5xx") }.message)
        assertThrows<SparkT2iException.InvalidRequest> { Emulator(failureRate = 2.0) }
    }

    @Test
    fun `the library is of this version`() {
        assertEquals(property("spark-t2i.version"), nativeVersion())
        assertEquals(property("spark-t2i.version"), VERSION)
    }
}

/** Cancelled coroutines: rows 30 and 31 of what must not break us. */
class CancellationTest {
    private val emulator = Emulator(latency = 30.seconds)
    private val client = emulator.client(pollInterval = QUICK)

    @AfterEach
    fun stop() {
        client.close()
        emulator.close()
    }

    @Test
    fun `a cancelled coroutine ends its call at once and tells the id`() = runBlocking {
        val id = CompletableDeferred<String>()
        val told = CompletableDeferred<CallCancelledException>()
        val work = launch(Dispatchers.IO) {
            try {
                client.generate("a red fox", onEvent = { id.complete(it.taskId) })
            } catch (cancelled: CallCancelledException) {
                told.complete(cancelled)
                throw cancelled
            }
        }
        id.await()
        assertEquals(1, client.stats().waiting)
        val begin = TimeSource.Monotonic.markNow()
        work.cancelAndJoin()
        assertTrue(begin.elapsedNow() < 1.seconds)
        assertEquals(id.await(), told.await().taskId)
        assertEquals("cancelled", told.await().error.kind)
        assertTrue(id.await() in told.await().error.message)
        assertEquals(0, client.stats().waiting)
        // The task goes on.
        assertFalse(checkNotNull(client.task(id.await()).refresh().status).isTerminal)
    }

    @Test
    fun `the core is reached before the coroutine is`() = runBlocking {
        val submitted = CompletableDeferred<Unit>()
        // Its thread is busy when it is cancelled.
        val work = launch { client.generate("a red fox", onEvent = { submitted.complete(Unit) }) }
        submitted.await()
        while (client.stats().waiting == 0L) kotlinx.coroutines.delay(10)
        kotlinx.coroutines.delay(50)
        work.cancel()
        // Not a moment was given to the coroutine.
        assertEquals(0, client.stats().waiting)
        work.join()
    }

    @Test
    fun `time limits of coroutines are kept`() = runBlocking {
        val begin = TimeSource.Monotonic.markNow()
        assertNull(withTimeoutOrNull(200.milliseconds) { client.generate("a red fox") })
        assertThrows<TimeoutCancellationException> { withTimeout(200.milliseconds) { client.submit("a fox").wait() } }
        assertNull(withTimeoutOrNull(200.milliseconds) { client.submit("a fox").events().toList() })
        assertTrue(begin.elapsedNow() < 3.seconds)
        assertEquals(0, client.stats().waiting)
    }

    @Test
    fun `nothing blocks the runtime where coroutines are not dispatched`() = runBlocking {
        val quick = Emulator(latency = 20.milliseconds)
        val other = quick.client(pollInterval = QUICK)
        withContext(Dispatchers.Unconfined) {
            other.generate("a red fox", onEvent = {
                assertFalse(Thread.currentThread().name.startsWith("spark-t2i"), Thread.currentThread().name)
                // While this one sleeps, the runtime serves others.
                Thread.sleep(20)
            })
            assertFalse(Thread.currentThread().name.startsWith("spark-t2i"), Thread.currentThread().name)
        }
        other.close()
        quick.close()
    }

    @Test
    fun `a watcher that has seen enough stops watching`() = runBlocking {
        val task = client.submit("a red fox")
        assertEquals(2, task.events().take(2).toList().size)
        until("nothing is waited for") { client.stats().waiting == 0L }
    }

    @Test
    fun `a hundred are cancelled at once`() = runBlocking {
        val work = List(100) { async(Dispatchers.Default) { client.generate("a red fox, number $it") } }
        until("all are waited for") { client.stats().waiting == 100L }
        val begin = TimeSource.Monotonic.markNow()
        work.forEach { it.cancel() }
        work.forEach { runCatching { it.await() }.exceptionOrNull().let { error -> assertTrue(error is CancellationException) } }
        assertTrue(begin.elapsedNow() < 2.seconds)
        assertEquals(0, client.stats().waiting)
    }

    @Test
    fun `a program ends while a hundred tasks are under way`() {
        val process = java("io.github.sparkt2i.EndingKt", emulator.url)
        val said = process.inputReader()
        assertEquals("waiting", said.readLine())
        val begin = TimeSource.Monotonic.markNow()
        assertTrue(process.waitFor(10, TimeUnit.SECONDS), "it does not end")
        assertEquals("", said.readText())
        assertEquals(0, process.exitValue())
        assertTrue(begin.elapsedNow() < 3.seconds)
    }
}

/**
 * 10 000 calls, and clients that come and go: memory, files and threads stay where they are. (The emulator, in the same process,
 * remembers each task.)
 */
@EnabledOnOs(OS.LINUX)
class FlatTest {
    @Test
    fun `ten thousand calls leave nothing behind`() = runBlocking {
        val emulator = Emulator(latency = 5.milliseconds)
        val client = Client(apiKey = KEY, baseUrl = emulator.url, pollInterval = 10.milliseconds, maxRequestsPerSecond = 0.0)
        suspend fun calls(count: Int) {
            for (chunk in (0 until count).chunked(50)) {
                chunk.map { async(Dispatchers.Default) { client.generate("a red fox, number $it", width = 512, height = 512) } }.awaitAll()
            }
        }
        calls(2000)
        val before = footprint()
        calls(8000)
        assertEquals(10_000, client.stats().completed)
        assertEquals(0, FfiConverterTypeNativeWake.handleMap.size, "somebody is still waited for")
        val after = footprintLike(before)
        println("$before after 2 000 calls, $after after 10 000")
        client.close()
        emulator.close()
    }

    @Test
    fun `fifty clients come and go`() = runBlocking {
        val emulator = Emulator(latency = 5.milliseconds)
        suspend fun one() = emulator.client(pollInterval = QUICK).use { it.generate("a red fox", width = 512, height = 512) }
        repeat(5) { one() }
        val before = footprint()
        repeat(50) { one() }
        println("$before after 5 clients, ${footprintLike(before)} after 55")
        emulator.close()
    }
}
