package io.github.sparkt2i

import java.io.Closeable
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.DurationUnit
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.asFlow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.collectIndexed
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Semaphore

/** What to do with a submit of which nobody can say whether the service took (and charged) it. */
public enum class OnOutcomeUnknown {
    /** Throw [SparkT2iException.OutcomeUnknown]. */
    FAIL,

    /** Submit again, and perhaps pay twice. */
    RESUBMIT,
}

/**
 * A client of the service. Several coroutines and threads may use it at once; one for a program is enough: connections, the
 * limit of requests, and what was learned about how long tasks take are its own.
 *
 * A coroutine that is cancelled stops its call at once, in the core too. The task goes on at the service; the
 * [CallCancelledException] that comes out of the call has its id.
 *
 * ```kotlin
 * Client().use { client ->
 *     client.generate("a red fox in the snow", size = Size.WIDESCREEN).save(Path("fox.png"))
 * }
 * ```
 *
 * @param apiKey the key; by default the environment variable `SPARK_T2I_API_KEY`. It is sent to the base URL's origin alone.
 * @param baseUrl where the service is; by default `SPARK_T2I_BASE_URL`, and without that the service's own address.
 * @param connectTimeout for making a connection; default 10 s.
 * @param requestTimeout for each try of a request; default 30 s.
 * @param waitTimeout for the whole of a [generate] or [Task.wait]; default 600 s. An infinite one is none.
 * @param maxRetries how often a request is repeated that certainly did no harm; default 4.
 * @param maxRequestsPerSecond status requests of all tasks together; default 50, 0 for no limit.
 * @param pollCost what one status request may cost, in time of noticing an end later; default 0.1 s.
 * @param pollInterval asks at this fixed interval instead of when it is worth while.
 * @param latencyProfile a file with what was learned about how long tasks take; read now and written again.
 * @param maxInFlight how many requests of [generateMany] are under way at once; default 64.
 * @param headers more headers for every request to the service.
 * @param proxy the URL of a proxy; by default that of the environment.
 * @param caBundle a PEM file of certificates to trust, beside the system's.
 * @param userAgentSuffix put behind the user agent.
 * @param onOutcomeUnknown what to do with a submit of unknown outcome.
 * @throws SparkT2iException.InvalidRequest when an option cannot be.
 * @throws SparkT2iException.Authentication when there is no key.
 */
public class Client(
    apiKey: String? = null,
    baseUrl: String? = null,
    connectTimeout: Duration? = null,
    requestTimeout: Duration? = null,
    waitTimeout: Duration? = null,
    maxRetries: Int? = null,
    maxRequestsPerSecond: Double? = null,
    pollCost: Duration? = null,
    pollInterval: Duration? = null,
    latencyProfile: Path? = null,
    maxInFlight: Int? = null,
    headers: Map<String, String> = emptyMap(),
    proxy: String? = null,
    caBundle: Path? = null,
    userAgentSuffix: String? = null,
    onOutcomeUnknown: OnOutcomeUnknown = OnOutcomeUnknown.FAIL,
) : Closeable {
    private val native: NativeClient = told {
        NativeClient(
            NativeOptions(
                apiKey = apiKey?.wellFormed("apiKey"),
                baseUrl = baseUrl?.wellFormed("baseUrl"),
                connectTimeout = connectTimeout,
                requestTimeout = requestTimeout,
                waitTimeout = waitTimeout,
                maxRetries = maxRetries?.toLong(),
                maxRequestsPerSecond = maxRequestsPerSecond,
                pollCost = pollCost?.toDouble(DurationUnit.SECONDS),
                pollInterval = pollInterval,
                latencyProfile = latencyProfile?.text("latencyProfile"),
                maxInFlight = maxInFlight?.toLong(),
                headers = headers.onEach { (name, value) -> name.wellFormed("headers"); value.wellFormed("headers") },
                proxy = proxy?.wellFormed("proxy"),
                caBundle = caBundle?.text("caBundle"),
                userAgentSuffix = userAgentSuffix?.wellFormed("userAgentSuffix"),
                onOutcomeUnknown = onOutcomeUnknown.name.lowercase(),
            ),
        )
    }

    /**
     * Submits a request, waits for its end and returns the image. Nothing is downloaded yet.
     *
     * @param prompt 1 to 800 characters in Chinese or English, at most 120 recommended.
     * @param size in place of [width] and [height].
     * @param width pixels; with [height], or none of both; default 1328 × 1328. The area lies in 512×512 to 2048×2048, the
     *   ratio in 1:3 to 3:1.
     * @param height pixels.
     * @param seed -1 for a random image (the default), or 1 to 2^63 - 1 for one that can be had again.
     * @param usePreLlm whether the service expands the prompt first; its default is true.
     * @param model another model than `spark_t2i_3_0`.
     * @param timeout for the whole, in place of the client's `waitTimeout`.
     * @param onEvent called with each event, in this coroutine; what it throws cancels the call and comes out of it.
     * @throws SparkT2iException what [submit] and [Task.wait] throw.
     * @throws CallCancelledException when the coroutine is cancelled.
     */
    public suspend fun generate(
        prompt: String,
        size: Size? = null,
        width: Int? = null,
        height: Int? = null,
        seed: Long? = null,
        usePreLlm: Boolean? = null,
        model: String? = null,
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Image = generate(request(prompt, size, width, height, seed, usePreLlm, model), timeout, onEvent)

    /** The same for a [Request]. */
    public suspend fun generate(
        request: Request,
        timeout: Duration? = null,
        onEvent: ((Event) -> Unit)? = null,
    ): Image {
        val found = finish(onEvent) { native.generate(request.lower(), timeout, onEvent != null) }
        return Image((found as NativeFound.Image).image)
    }

    /**
     * Submits a request and returns its task, without waiting for its end. The parameters are those of [generate].
     *
     * @throws SparkT2iException.InvalidRequest before anything is sent.
     * @throws SparkT2iException.OutcomeUnknown when the service may have taken the request but no id came back; it is not
     *   repeated then.
     * @throws SparkT2iException of the kinds authentication, permission, insufficient balance, rate limited and connection
     *   (beyond the retries), not found (a wrong base URL), timeout.
     */
    public suspend fun submit(
        prompt: String,
        size: Size? = null,
        width: Int? = null,
        height: Int? = null,
        seed: Long? = null,
        usePreLlm: Boolean? = null,
        model: String? = null,
        timeout: Duration? = null,
    ): Task = submit(request(prompt, size, width, height, seed, usePreLlm, model), timeout)

    /** The same for a [Request]. */
    public suspend fun submit(request: Request, timeout: Duration? = null): Task {
        val found = finish { native.submit(request.lower(), timeout) }
        return Task((found as NativeFound.Task).task)
    }

    /**
     * What a request would probably cost; null where the service has no estimate. Nothing is charged.
     *
     * @throws SparkT2iException as [submit], but never of an unknown outcome.
     */
    public suspend fun estimate(request: Request, timeout: Duration? = null): Estimate? {
        val found = finish { native.estimate(request.lower(), timeout) }
        return (found as NativeFound.Estimate).estimate
    }

    /** The same for a prompt alone. */
    public suspend fun estimate(prompt: String, timeout: Duration? = null): Estimate? = estimate(Request(prompt), timeout)

    /**
     * The task with this id, whoever submitted it. Nothing is sent.
     *
     * @throws SparkT2iException.InvalidRequest when the text cannot be an id.
     */
    public fun task(id: String): Task = told { Task(native.task(id.wellFormed("id"))) }

    /**
     * Generates many images, `maxInFlight` at a time, and yields each as it is done.
     *
     * Requests are taken one by one as there is room, so that the flow need not know its end. Nothing is lost: a request
     * that fails is a [Generated] with an error. What [requests] itself throws cancels the rest and comes out of the
     * flow. A collector that stops or is cancelled ends submitting and waiting at once; tasks that were submitted go on at
     * the service.
     *
     * @param onEvent called with the number of the request and each of its events, in the flow's own coroutines: from it the
     *   ids of tasks can be kept.
     */
    public fun generateMany(requests: Flow<Request>, onEvent: ((Int, Event) -> Unit)? = null): Flow<Generated> =
        channelFlow {
            val room = Semaphore(native.maxInFlight().toInt())
            requests.collectIndexed { index, request ->
                room.acquire()
                launch {
                    val watch: ((Event) -> Unit)? = onEvent?.let { tell -> { event -> tell(index, event) } }
                    val generated = try {
                        Generated(index, request, generate(request, onEvent = watch), null)
                    } catch (error: SparkT2iException) {
                        Generated(index, request, null, error)
                    }
                    send(generated)
                    room.release()
                }
            }
        }.buffer(Channel.RENDEZVOUS)

    /** The same for a collection or a sequence of requests. */
    public fun generateMany(requests: Iterable<Request>, onEvent: ((Int, Event) -> Unit)? = null): Flow<Generated> =
        generateMany(requests.asFlow(), onEvent)

    /** What this client has done since it was made. */
    public fun stats(): Stats = told { native.stats() }

    /** Ends the use of this client. Its tasks and images can still be used. */
    override fun close(): Unit = native.close()
}

/** What became of one request of [Client.generateMany]: an image, or an error. */
public data class Generated(
    /** Which request it was, counted from 0. */
    val index: Int,
    /** The request. */
    val request: Request,
    /** The image, if there is one. */
    val image: Image?,
    /** Why there is none. */
    val error: SparkT2iException?,
) {
    /** The image, or throws the error. */
    public fun getOrThrow(): Image = image ?: throw checkNotNull(error) { "neither an image nor an error" }
}
