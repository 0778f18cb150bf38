package io.github.sparkt2i

import java.util.Base64
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.intOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.longOrNull
import kotlin.io.path.readText
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.assertThrows

/** Every case of validation: as JSON, and as a [Request] where one can express it. */
class ValidationTest {
    private val cases = cases("validation")

    private fun check(case: JsonObject, report: Report) {
        val form = form(report)
        assertTrue(same(form, case.getValue("expected"))) { "${case["name"]}: ${case["why"]}\n$form\n${case["expected"]}" }
    }

    private fun values(case: JsonObject): JsonObject? {
        val parameters = case["parameters"]?.jsonObject ?: return null
        return JsonObject(parameters + case["prompt"]?.let { mapOf("prompt" to JsonPrimitive(text(it))) }.orEmpty())
    }

    /** Whether a typed request can say just this. */
    private fun isExpressible(values: JsonObject): Boolean {
        fun fits(name: String, fits: (JsonPrimitive) -> Boolean): Boolean {
            val value = values.given(name) ?: return true
            return value is JsonPrimitive && !(value.isString && name != "prompt") && fits(value)
        }
        return (values.given("prompt") as? JsonPrimitive)?.isString == true &&
            setOf("prompt", "seed", "use_pre_llm", "width", "height").containsAll(values.keys) &&
            fits("width") { it.intOrNull != null } && fits("height") { it.intOrNull != null } &&
            fits("seed") { it.longOrNull != null } && fits("use_pre_llm") { it.booleanOrNull != null }
    }

    @TestFactory
    fun json(): List<DynamicTest> = cases.map { case ->
        dynamicTest(case.text("name")) {
            val values = values(case)
            if (values == null) {
                check(case, validateJson(text(case.getValue("parameters_text"))))
            } else {
                check(case, validateJson(values.toString()))
                val escaped = values.toString().map { if (it.code > 126) "\\u%04x".format(it.code) else it.toString() }
                check(case, validateJson(escaped.joinToString("")))
            }
        }
    }

    @TestFactory
    fun requests(): List<DynamicTest> {
        val expressible = cases.mapNotNull { case -> values(case)?.takeIf(::isExpressible)?.let { case to request(it) } }
        check(expressible.size > 60) { "only ${expressible.size} cases can be expressed" }
        val verdicts = expressible.map { (case, request) -> dynamicTest(case.text("name")) { check(case, request.validate()) } }
        val refused = expressible.filter { (case, _) -> !case.getValue("expected").jsonObject.getValue("valid").jsonPrimitive.boolean }
        check(refused.size > 20) { "only ${refused.size} of them are refused" }
        val refusals = refused.map { (case, request) ->
            dynamicTest("a client refuses ${case.text("name")}") {
                // Where it would have to go, nobody listens.
                Client(apiKey = KEY, baseUrl = "http://127.0.0.1:9", maxRetries = 0).use { client ->
                    val calls = listOf<suspend () -> Any?>(
                        { client.submit(request) }, { client.generate(request) }, { client.estimate(request) },
                    )
                    for (call in calls) {
                        val error = assertThrows<SparkT2iException.InvalidRequest> { runBlocking { call() } }
                        assertTrue(same(form(error.violations), case.getValue("expected").jsonObject.getValue("violations")))
                        assertEquals(Charged.NO, error.charged)
                    }
                    assertEquals(0, client.stats().createRequests + client.stats().estimateRequests)
                }
            }
        }
        return verdicts + refusals
    }

    @Test
    fun `half a surrogate pair gets the verdict that it gets in JSON`() {
        for (prompt in listOf("\ud83e", "a \udd8a fox", "\udd8a\ud83e")) {
            val escaped = prompt.map { "\\u%04x".format(it.code) }.joinToString("")
            val expected = validateJson("""{"prompt": "$escaped"}""")
            assertEquals(1, expected.violations.size)
            assertEquals(expected, Request(prompt).validate())
            assertEquals(expected, validateJson("""{"prompt": "$prompt"}"""))
        }
    }
}

/** Every case of decoding, by answers of a local server. */
class DecodingTest {
    private val server = FixedServer()

    @AfterEach
    fun stop() = server.close()

    private fun answer(case: JsonObject) {
        server.status = case["http_status"]?.jsonPrimitive?.int ?: 200
        server.body = case["body_base64"]?.let { Base64.getDecoder().decode(it.jsonPrimitive.content) }
            ?: text(case.getValue("body")).toByteArray()
    }

    private fun check(case: JsonObject, form: JsonObject) {
        val about = "${case["name"]}: ${case["why"]}"
        assertTrue(same(form, case.getValue("expected"))) { "$about\n$form\n${case["expected"]}" }
        for (part in case["canonical_contains"]?.jsonArray.orEmpty()) {
            assertTrue(part.jsonPrimitive.content in form.toString()) { "$about\n$form" }
        }
    }

    private fun <T> client(call: suspend (Client) -> T): T = FixedClient.use(server, call)

    private fun refused(case: JsonObject, call: suspend (Client) -> Any?): SparkT2iException =
        assertThrows("${case["name"]} was understood: ${case["why"]}") { client(call) }

    @TestFactory
    fun answers(): List<DynamicTest> = cases("decoding").map { case ->
        dynamicTest("${case.text("kind")} ${case.text("name")}") {
            answer(case)
            when (case.text("kind")) {
                "task" -> task(case)
                "estimate" -> estimate(case)
                else -> check(case, form(refused(case) { it.estimate("a red fox") }))
            }
        }
    }

    private fun task(case: JsonObject) {
        val expected = case.getValue("expected").jsonObject
        if ("unreadable" in expected) {
            val error = refused(case) { it.task(ASKED).refresh() }
            assertEquals("protocol", error.kind)
            assertEquals(ASKED, error.taskId)
        } else {
            val snapshot = client { it.task(ASKED).refresh() }
            // A task that was asked for is the one that was asked for: the id of the answer shows in a submit alone.
            assertEquals(ASKED, snapshot.id)
            check(case, JsonObject(form(snapshot) + ("id" to (expected["id"] ?: JsonNull))))
        }
        if (expected.given("id") == null) {
            // Whatever the reason: without an id there is no task.
            assertNull(refused(case) { it.submit("a red fox") }.taskId)
        } else {
            val task = client { it.submit("a red fox") }
            assertEquals(task.id, task.snapshot?.id)
            check(case, form(checkNotNull(task.snapshot)))
        }
    }

    private fun estimate(case: JsonObject) {
        val expected = case.getValue("expected")
        if (expected is JsonObject && "unreadable" in expected) {
            assertEquals("protocol", refused(case) { it.estimate("a red fox") }.kind)
            return
        }
        val found = client { it.estimate("a red fox") }
        if (expected is JsonNull) assertNull(found) else check(case, form(found).jsonObject)
    }

    private companion object {
        // No case names it, so that what is decoded as the id is never taken for what was asked for.
        const val ASKED = "asked-for"
    }
}

internal object FixedClient {
    fun <T> use(server: FixedServer, call: suspend (Client) -> T): T =
        Client(apiKey = KEY, baseUrl = server.url, maxRetries = 0).use { runBlocking { call(it) } }
}

/** `errors.json`: every kind and every code, by the same names. */
class ErrorsTableTest {
    private val table = Json.parseToJsonElement(FIXTURES.resolve("errors.json").readText()).jsonObject

    private fun made(kind: String, retryable: Boolean = false, charged: String = "no") = SparkT2iException.of(
        NativeFailure(
            text = "it went wrong (task t-1)", kind = kind, message = "it went wrong", code = "003001095",
            violations = listOf(Violation("003001002", "prompt", "too long")), httpStatus = 418u, taskId = "t-1",
            retryable = retryable, charged = charged, retryAfter = durationOf(1.5), body = "the body", cause = "a cause: another",
        ),
    )

    @Test
    fun `every kind has a class of its own, called as the kind is`() {
        val names = table.getValue("kinds").jsonArray.map { row ->
            val kind = row.jsonObject.text("kind")
            val retryable = row.jsonObject.getValue("retryable").jsonPrimitive.boolean
            val error = made(kind, retryable, row.jsonObject.text("charged"))
            val name = kind.split("_").joinToString("") { it.replaceFirstChar(Char::uppercase) }
            assertEquals(name, error.javaClass.simpleName)
            assertEquals(kind, error.kind)
            assertEquals(retryable, error.retryable)
            assertEquals(row.jsonObject.text("charged"), error.charged.name.lowercase())
            assertEquals(listOf("it went wrong", "003001095", 418, "t-1"), listOf(error.message, error.code, error.httpStatus, error.taskId))
            assertEquals(listOf(durationOf(1.5), "the body", "a cause: another"), listOf(error.retryAfter, error.body, error.causes))
            assertEquals("prompt", error.violations.single().field)
            assertEquals("${error.javaClass.name}: it went wrong (task t-1)", error.toString())
            name
        }
        assertEquals((names + "Unknown").toSet(), SparkT2iException::class.java.permittedOrNested())
    }

    @Test
    fun `a kind of a later version is unknown and keeps its name`() {
        val error = made("quota", charged = "maybe")
        assertTrue(error is SparkT2iException.Unknown)
        assertEquals("quota", error.kind)
        assertEquals(Charged.UNKNOWN, error.charged)
    }

    private fun Class<*>.permittedOrNested(): Set<String> =
        declaredClasses.filter { isAssignableFrom(it) }.map { it.simpleName }.toSet()

    @TestFactory
    fun codes(): List<DynamicTest> = table.getValue("codes").jsonArray.flatMap { row ->
        listOf("number", "code").map { form ->
            dynamicTest("${row.jsonObject.text("code")} as a $form") {
                FixedServer().use { server ->
                    server.status = 400
                    server.body = """{"error": {"code": ${row.jsonObject[form]}}}""".toByteArray()
                    val error = assertThrows<SparkT2iException> { FixedClient.use(server) { it.estimate("a red fox") } }
                    assertEquals(row.jsonObject.text("code"), error.code)
                    assertTrue(row.jsonObject.text("description") in error.message, error.message)
                }
            }
        }
    }
}
