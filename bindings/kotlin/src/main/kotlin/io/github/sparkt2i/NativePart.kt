package io.github.sparkt2i

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import com.sun.jna.NativeLibrary
import com.sun.jna.Platform

/** Of this package, and of the native part that it goes with. */
internal const val VERSION = "0.1.0"

/** The native part: looked for once, and only used if it is of this package's version. */
internal object NativePart {
    private val problem: LinkageError? = try {
        keepThreads()
        // Left to itself, the generated code does not compare what it calls with what there is.
        uniffiEnsureInitialized()
        val version = nativeVersion()
        if (version == VERSION) null else UnsatisfiedLinkError(strange("version $version"))
    } catch (error: LinkageError) {
        UnsatisfiedLinkError(why(error)).apply { initCause(error) }
    }

    /** Throws why it cannot be used, if it cannot: the same each time. */
    fun check() {
        problem?.let { throw UnsatisfiedLinkError(it.message).apply { initCause(it) } }
    }

    /**
     * A thread of the library that calls into the JVM becomes one of the JVM's until it ends: a daemon, so that no program waits
     * for it. By itself JNA would make it one for each call, which takes longer than the call and fails with a message when the
     * JVM ends.
     */
    private fun keepThreads() {
        val kept = CallbackThreadInitializer(true, false, "spark-t2i")
        listOf(
            uniffiCallbackInterfaceNativeWake.wake,
            uniffiCallbackInterfaceNativeWake.uniffiFree,
            uniffiCallbackInterfaceNativeLogListener.log,
            uniffiCallbackInterfaceNativeLogListener.uniffiFree,
        ).forEach { Native.setCallbackThreadInitializer(it, kept) }
    }

    /** There is none, or what the generated code calls is not in it or is something else. */
    private fun why(error: LinkageError): String = try {
        strange("another version")
    } catch (_: LinkageError) {
        "spark-t2i $VERSION found no native part that can be loaded on ${Platform.RESOURCE_PREFIX}: ${error.message}"
    }

    private fun strange(version: String): String {
        val file = NativeLibrary.getInstance("spark_t2i_uniffi").file
        return "spark-t2i $VERSION found its native part in $version ($file): install both anew"
    }
}
