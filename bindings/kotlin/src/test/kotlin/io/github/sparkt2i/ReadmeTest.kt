package io.github.sparkt2i

import io.github.sparkt2i.testing.Emulator
import java.nio.file.Path
import kotlin.io.path.exists
import kotlin.io.path.readText
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The examples of the README, run as they stand there. */
class ReadmeTest {
    private fun withClient(example: suspend (Client) -> Unit) = Emulator(latency = 50.milliseconds).use { emulator ->
        emulator.client(pollInterval = 10.milliseconds).use { client -> runBlocking { example(client) } }
    }

    @Test
    fun one(@TempDir folder: Path) = runBlocking {
        fox(folder)
        assertTrue(folder.resolve("fox.png").exists())
    }

    @Test
    fun watching() = withClient { client ->
        // README
        val task = client.submit("a red fox in the snow")
        task.events().collect { event ->
            when (val kind = event.kind) {
                is EventKind.Running -> println("${kind.progress ?: 0.0} after ${event.elapsed}")
                is EventKind.Retrying -> println("again in ${kind.delay}: ${kind.error.message}")
                is EventKind.Completed -> println("cost ${kind.snapshot.usage?.cost}")
                else -> println("${event.taskId}: $kind")
            }
        }
        val image = client.task(task.id).wait(timeout = 10.minutes)
        // README
        assertEquals(task.id, image.taskId)
    }

    @Test
    fun cancelling() = withClient { client ->
        var ended = false
        val running = launchedBy(client) { job, told ->
            // README
            try {
                client.generate("a red fox in the snow", onEvent = { if (it.kind == EventKind.Submitted) job.cancel() })
            } catch (cancelled: CallCancelledException) {
                println("task ${cancelled.taskId} goes on")
                throw cancelled
            }
            // README
            told()
        }
        ended = running
        assertTrue(!ended)
    }

    /** Whether the example came to its end, which it must not. */
    private suspend fun launchedBy(
        client: Client,
        example: suspend (kotlinx.coroutines.Job, () -> Unit) -> Unit,
    ): Boolean {
        var ended = false
        kotlinx.coroutines.coroutineScope {
            lateinit var job: kotlinx.coroutines.Job
            job = launch(start = kotlinx.coroutines.CoroutineStart.LAZY) { example(job) { ended = true } }
            job.start()
            job.join()
            assertTrue(job.isCancelled)
        }
        assertEquals(1, client.stats().submitted)
        return ended
    }

    @Test
    fun many() = withClient { client ->
        // README
        val requests = (1..20).map { Request("a red fox, number $it", Size.SQUARE, seed = it.toLong()) }
        client.generateMany(requests).collect { (index, request, image, error) ->
            println("$index: ${image?.url ?: error?.message} (${request.prompt})")
        }
        println(client.stats().cost)
        // README
        assertEquals(20, client.stats().completed)
    }

    @Test
    fun errors() = withClient { client ->
        // README
        try {
            client.generate("")
        } catch (error: SparkT2iException.InvalidRequest) {
            error.violations.forEach { println("${it.code} ${it.field}: ${it.message}") }
        } catch (error: SparkT2iException.OutcomeUnknown) {
            println("perhaps charged: ${error.charged}; it was not sent again")
        }
        // README
        assertEquals(0, client.stats().createRequests)
    }

    @Test
    fun `what is run here is what stands there`() {
        val module = CHECKOUT.resolve("bindings/kotlin")
        fun examples(text: String, begin: String, end: String) =
            text.split(begin).drop(1).map { it.substringBefore(end).trimIndent().trim() }
        val readme = examples(module.resolve("README.md").readText(), "```kotlin\n", "```")
        val run = listOf("Fox.kt", "ReadmeTest.kt").flatMap { file ->
            val source = module.resolve("src/test/kotlin/io/github/sparkt2i/$file").readText()
            source.split(Regex(" {4,}// README\n")).filterIndexed { index, _ -> index % 2 == 1 }.map { it.trimIndent().trim() }
        }
        assertEquals(5, readme.size)
        assertEquals(readme, run)
    }
}
