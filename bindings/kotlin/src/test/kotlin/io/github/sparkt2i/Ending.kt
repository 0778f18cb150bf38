package io.github.sparkt2i

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/** A program that ends while a call is under way; its argument is the address of a service that takes its time. */
@OptIn(DelicateCoroutinesApi::class)
public fun main(arguments: Array<String>) {
    val client = Client(apiKey = KEY, baseUrl = arguments.single())
    val submitted = CompletableDeferred<Unit>()
    GlobalScope.launch { client.generate("a red fox", onEvent = { submitted.complete(Unit) }) }
    runBlocking { submitted.await() }
    println("waiting")
}
