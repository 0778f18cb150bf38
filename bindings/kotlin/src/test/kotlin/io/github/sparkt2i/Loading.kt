package io.github.sparkt2i

/** Tells what comes of using the native part that there is, twice. */
public fun main(): Unit = repeat(2) {
    val told = runCatching { told { "loaded" } }
    println(told.getOrElse { "${it::class.simpleName}: ${it.message?.replace('\n', ' ')}" })
}
