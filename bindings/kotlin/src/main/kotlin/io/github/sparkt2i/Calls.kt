package io.github.sparkt2i

import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.resume
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext

/** Work of the native part, with the errors of this package. */
internal inline fun <T> told(work: () -> T): T = try {
    NativePart.check()
    work()
} catch (error: NativeException.Told) {
    throw error.problem
} catch (error: InternalException) {
    throw internalError("this is a bug of spark-t2i, please report it: ${error.message}")
}

/** Begins a call and waits for its end; every event before it goes to [onEvent]. */
internal suspend fun finish(onEvent: ((Event) -> Unit)? = null, begin: () -> NativeCall): NativeFound =
    during(begin) { event -> onEvent?.invoke(event) }

/** The same, with an [onEvent] that may suspend. */
internal suspend fun during(begin: () -> NativeCall, onEvent: suspend (Event) -> Unit): NativeFound {
    val call = told(begin)
    try {
        while (true) {
            when (val step = told { call.take() }) {
                is NativeStep.Pending -> try {
                    call.ready()
                } catch (cancelled: CancellationException) {
                    throw call.cancelledBy(cancelled)
                }
                // What this throws is the caller's own: a flow that is aborted, too.
                is NativeStep.Item -> onEvent((step.item as NativeFound.Event).event)
                is NativeStep.Done -> return step.result
            }
        }
    } finally {
        // Closing it cancels what goes on.
        call.close()
    }
}

/** Waits until there is something to take. A cancelled coroutine ends the call on the thread that cancels it. */
private suspend fun NativeCall.ready() {
    val context = currentCoroutineContext()
    val dispatcher = context[ContinuationInterceptor] as? CoroutineDispatcher
    // Where nothing would be dispatched, the caller would go on, on the one thread of the runtime.
    if (dispatcher?.isDispatchNeeded(context) == true) park() else withContext(Dispatchers.Default) { park() }
}

private suspend fun NativeCall.park(): Unit = suspendCancellableCoroutine { waiting ->
    waiting.invokeOnCancellation { cancel() }
    whenReady(Wake(waiting))
}

private class Wake(private val waiting: CancellableContinuation<Unit>) : NativeWake {
    override fun wake() = waiting.resume(Unit)
}

/** Ends the call, and tells by its own error which task was waited for. */
private fun NativeCall.cancelledBy(cause: CancellationException): CancellationException {
    cancel()
    while (true) {
        try {
            // What was there already is of no use any more.
            if (take() !is NativeStep.Item) return cause
        } catch (error: NativeException.Told) {
            val cancelled = error.problem as? SparkT2iException.Cancelled ?: return cause
            return CallCancelledException(cancelled, cause)
        }
    }
}

internal fun durationOf(seconds: Double): Duration = seconds.seconds
