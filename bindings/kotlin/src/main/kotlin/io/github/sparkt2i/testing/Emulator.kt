package io.github.sparkt2i.testing

import io.github.sparkt2i.Client
import io.github.sparkt2i.NativeEmulator
import io.github.sparkt2i.NativeEmulatorOptions
import io.github.sparkt2i.told
import java.io.Closeable
import java.math.BigDecimal
import kotlin.time.Duration
import kotlin.time.DurationUnit

/**
 * The whole service on loopback, inside this process: for tests and demos, with no key and no network. It paints abstract
 * pictures. It runs from its construction until it is closed.
 *
 * ```kotlin
 * Emulator(latency = 50.milliseconds).use { emulator ->
 *     emulator.client().use { client -> client.generate("a red fox in the snow") }
 * }
 * ```
 *
 * The libraries for phones do not have it.
 *
 * @param latency how long a task takes.
 * @param failureRate how many of the tasks fail, 0 to 1.
 * @param progress whether running tasks tell their progress.
 * @param rateLimit requests a second, beyond which it answers 429.
 * @param price what a task costs, in USD.
 * @param apiKey the only key that it takes; by default it takes every one.
 * @param seed for what it draws at random.
 * @param faults what it does wrong, each as `NAME[:PROBABILITY][@KIND]`.
 * @throws io.github.sparkt2i.SparkT2iException.InvalidRequest for an option that cannot be.
 */
public class Emulator(
    latency: Duration? = null,
    failureRate: Double? = null,
    progress: Boolean? = null,
    rateLimit: Double? = null,
    price: BigDecimal? = null,
    apiKey: String? = null,
    seed: Long? = null,
    faults: List<String>? = null,
) : Closeable {
    private val native: NativeEmulator = told {
        NativeEmulator(
            NativeEmulatorOptions(
                latency = latency?.let { "${it.toDouble(DurationUnit.SECONDS).toBigDecimal().toPlainString()}s" },
                failureRate = failureRate,
                progress = progress,
                rateLimit = rateLimit,
                price = price?.toPlainString(),
                apiKey = apiKey,
                seed = seed,
                faults = faults,
            ),
        )
    }

    /** The base URL for a client. */
    public val url: String = native.url()

    /** Its counters as JSON, as `GET /_emulator/stats` answers: tasks, charges, requests by kind, polls per task, lag. */
    public fun stats(): String = told { native.stats() }

    /** Sets these faults in place of all others. */
    public fun setFaults(vararg faults: String): Unit = told { native.setFaults(faults.toList()) }

    /** A client of it. */
    public fun client(apiKey: String = "emulator", pollInterval: Duration? = null): Client =
        Client(apiKey = apiKey, baseUrl = url, pollInterval = pollInterval)

    /** Stops it. */
    override fun close() {
        native.stop()
        native.close()
    }
}
