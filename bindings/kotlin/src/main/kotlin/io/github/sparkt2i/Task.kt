package io.github.sparkt2i

import java.math.BigDecimal
import java.nio.file.Path
import java.nio.file.Paths
import kotlin.time.Duration
import kotlin.time.Instant
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/**
 * A task of the service: its id and what was last seen of it; made by [Client.submit] and [Client.task].
 *
 * Dropping it changes nothing at the service: the task goes on, and [Client.task] finds it again by its id. Tasks are compared
 * by their ids.
 */
public class Task internal constructor(private val native: NativeTask) {
    /** The id. */
    public val id: String = native.id()

    /** What the service last said of the task; null before it was first asked. */
    public val snapshot: TaskSnapshot? get() = native.snapshot()

    /** The state that was last seen. */
    public val status: Status? get() = snapshot?.status

    /** How late its end was noticed, where that is known. */
    public val lag: Duration? get() = native.lag()

    /** The images of a task last seen completed; none of any other. */
    public val images: List<Image> get() = native.images().map(::Image)

    /**
     * Waits for the end and returns the image.
     *
     * @param timeout in place of the client's `waitTimeout`.
     * @param onEvent called with each event, in this coroutine; what it throws cancels the call and comes out of it.
     * @throws SparkT2iException.TaskFailed when the task ends without an image.
     * @throws SparkT2iException.Timeout when it does not end in time: it goes on, and can be waited for again.
     * @throws SparkT2iException.NotFound when there is no such task, after a grace of 10 s.
     * @throws CallCancelledException when the coroutine is cancelled.
     */
    public suspend fun wait(timeout: Duration? = null, onEvent: ((Event) -> Unit)? = null): Image {
        val found = finish(onEvent) { native.wait(timeout, onEvent != null) }
        return Image((found as NativeFound.Image).image)
    }

    /**
     * What happens to the task, until its end: the last event is completed or failed. Each collector watches anew; one that
     * stops or is cancelled ends the watching at once.
     */
    public fun events(timeout: Duration? = null): Flow<Event> = flow {
        during({ native.events(timeout) }) { event -> emit(event) }
    }

    /**
     * Asks the service once for the state of the task (and again after a failure that may pass). A failed task is a state, and
     * throws nothing.
     */
    public suspend fun refresh(timeout: Duration? = null): TaskSnapshot =
        (finish { native.refresh(timeout) } as NativeFound.Snapshot).snapshot

    override fun equals(other: Any?): Boolean = other is Task && other.id == id

    override fun hashCode(): Int = id.hashCode()

    override fun toString(): String = "Task(id=$id)"
}

/**
 * A finished image at the service. A handle: nothing is downloaded before [bytes] or [save]. Images are compared by task and
 * address.
 */
public class Image internal constructor(private val native: NativeImage) {
    private val about = native.about()

    /** The id of the task that made it. */
    public val taskId: String get() = about.taskId

    /** Where the image lies. Such addresses may expire. */
    public val url: String get() = about.url

    /** The size of the file in bytes, where the service told it. */
    public val size: Long? get() = about.size?.toLong()

    /** The identifier of the job behind the task. */
    public val jobId: String? get() = about.jobId

    /** The width in pixels that was asked for; null for a task taken up by its id. */
    public val width: Int? get() = about.width?.toInt()

    /** The height in pixels that was asked for; null for a task taken up by its id. */
    public val height: Int? get() = about.height?.toInt()

    /** What the task used and cost, where the service told it. */
    public val usage: Usage? get() = about.usage

    /** The cost in USD, exactly as the service gave it. */
    public val cost: BigDecimal? get() = about.usage?.cost

    /** What the service said of the task, its raw JSON included. */
    public val snapshot: TaskSnapshot by lazy { native.snapshot() }

    /**
     * Fetches the image into memory: whole, checked against its promised size and its own signature; 64 MiB at most.
     *
     * @param timeout in place of the client's `waitTimeout`.
     * @throws SparkT2iException.Download when it cannot be fetched or is no whole image; it has the task's id, by which the
     *   image can be fetched again.
     */
    public suspend fun bytes(timeout: Duration? = null): ByteArray =
        (finish { native.bytes(timeout) } as NativeFound.Bytes).bytes

    /**
     * Fetches the image into a file, which is whole or absent: written beside the target, checked, synced, renamed.
     *
     * @param path taken as it is; its folder has to be there.
     * @param overwrite replaces a file that is there already, at once and whole. By default such a file is not touched.
     * @param addExtension adds the extension of the image's own format to the path.
     * @param timeout in place of the client's `waitTimeout`.
     * @throws SparkT2iException.Io when the target exists or cannot be written; else as [bytes].
     */
    public suspend fun save(
        path: Path,
        overwrite: Boolean = false,
        addExtension: Boolean = false,
        timeout: Duration? = null,
    ): Saved {
        val found = finish { native.save(path.text("path"), overwrite, addExtension, timeout) }
        val saved = (found as NativeFound.Saved).saved
        return Saved(Paths.get(saved.path), saved.bytes.toLong(), saved.format, saved.width?.toInt(), saved.height?.toInt())
    }

    override fun equals(other: Any?): Boolean = other is Image && other.taskId == taskId && other.url == url

    override fun hashCode(): Int = 31 * taskId.hashCode() + url.hashCode()

    override fun toString(): String = "Image(taskId=$taskId, url=$url, size=$size, width=$width, height=$height, cost=$cost)"
}

/** A file that was saved: whole, checked and synced. */
public data class Saved(
    /** Where it is. */
    val path: Path,
    /** Its length in bytes. */
    val bytes: Long,
    /** What it is by its own signature, such as `png`. */
    val format: String,
    /** Pixels from left to right, where its head tells them (PNG). */
    val width: Int?,
    /** Pixels from top to bottom, where its head tells them (PNG). */
    val height: Int?,
)

/** Whether the task has ended and will not change any more. */
public val Status.isTerminal: Boolean get() = this is Status.Completed || this is Status.Failed

/** Whether this is the last event. */
public val Event.isTerminal: Boolean get() = kind is EventKind.Completed || kind is EventKind.Failed

/** When the task was created. */
public val TaskSnapshot.createdAt: Instant? get() = createdUnix?.let { Instant.fromEpochSeconds(it) }

/** When it was queued. */
public val Metadata.inQueueAt: Instant? get() = inQueueUnix?.let(::instant)

/** When the image was stored. */
public val Metadata.uploadAt: Instant? get() = uploadUnix?.let(::instant)

/** When it was completed. */
public val Metadata.completedAt: Instant? get() = completedUnix?.let(::instant)

private fun instant(unixSeconds: Double): Instant = Instant.fromEpochMilliseconds((unixSeconds * 1000).toLong())

internal fun Path.text(name: String): String = toString().wellFormed(name)
