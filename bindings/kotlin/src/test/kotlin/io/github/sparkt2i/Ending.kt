package io.github.sparkt2i

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking

/** A program that ends while a hundred tasks are under way; its argument is the address of a service that takes its time. */
@OptIn(DelicateCoroutinesApi::class)
public fun main(arguments: Array<String>) {
    val client = Client(apiKey = KEY, baseUrl = arguments.single())
    val submitted = List(100) { CompletableDeferred<Unit>() }
    for (one in submitted) GlobalScope.launch { client.generate("a red fox", onEvent = { one.complete(Unit) }) }
    runBlocking { submitted.awaitAll() }
    println("waiting")
}
