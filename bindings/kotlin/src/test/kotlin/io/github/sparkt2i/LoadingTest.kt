package io.github.sparkt2i

import com.sun.jna.Platform
import java.nio.file.Path
import kotlin.io.path.readText
import kotlin.io.path.writeText
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assumptions.assumeFalse
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A native part that does not fit is not used, and whoever calls is told. */
class LoadingTest {
    private val generated = CHECKOUT
        .resolve("bindings/kotlin/src/generated/kotlin/io/github/sparkt2i/spark_t2i_uniffi.kt").readText()
    private val checksums = Regex("""lib\.(\w+)\(\) != (\d+)""").findAll(generated).associate { it.groupValues[1] to it.groupValues[2] }
    private val others = Regex("""external fun (\w+)\(""").findAll(generated).map { it.groupValues[1] }.toSet() -
        checksums.keys - CONTRACT - VERSION_OF_LIBRARY

    /** A library in C with the functions that the generated code wants. */
    private fun library(
        contract: String = Regex("""bindings_contract_version = (\d+)""").find(generated)!!.groupValues[1],
        checksum: (String) -> String = { it },
        version: String = VERSION,
        functions: Set<String> = others,
    ): String = """
        #include <stdint.h>
        struct buffer { uint64_t capacity, length; char *data; };
        uint32_t $CONTRACT(void) { return $contract; }
        struct buffer $VERSION_OF_LIBRARY(void *status) {
            static char version[] = "$version";
            return (struct buffer){ sizeof version - 1, sizeof version - 1, version };
        }
    """.trimIndent() + checksums.map { (name, sum) -> "\nuint32_t $name(void) { return ${checksum(sum)}; }" }.joinToString("") +
        functions.joinToString("") { "\nvoid $it(void) {}" } + "\n"

    /** What comes of it, each time that it is used. */
    private fun saidWith(library: String, folder: Path): List<String> {
        // What is built with MSVC has no `cc`.
        assumeFalse(Platform.isWindows())
        val source = folder.resolve("library.c").apply { writeText(library) }
        val file = folder.resolve(System.mapLibraryName("spark_t2i_uniffi"))
        val built = ProcessBuilder("cc", "-shared", "-fPIC", "-o", "$file", "$source").inheritIO().start()
        assertEquals(0, built.waitFor())
        return said("io.github.sparkt2i.LoadingKt", folder)
    }

    private fun said(main: String, libraries: Path, vararg options: String): List<String> =
        java(main, libraries = "$libraries", options = options.toList()).inputReader().readLines()

    @Test
    fun `a library of the same version is used`(@TempDir folder: Path) =
        assertEquals(listOf("loaded", "loaded"), saidWith(library(), folder))

    @Test
    fun `a library of another version is refused by its number`(@TempDir folder: Path) =
        refused("in version 0.0.9", folder, library(version = "0.0.9"))

    @Test
    fun `a library whose functions changed is refused`(@TempDir folder: Path) =
        refused("in another version", folder, library(checksum = { "1 + $it" }))

    @Test
    fun `a library of another generator is refused`(@TempDir folder: Path) =
        refused("in another version", folder, library(contract = "1"))

    @Test
    fun `a library that lacks functions is refused`(@TempDir folder: Path) =
        refused("in another version", folder, library(functions = others.drop(1).toSet()))

    private fun refused(what: String, folder: Path, library: String) {
        val told = saidWith(library, folder)
        val file = folder.resolve(System.mapLibraryName("spark_t2i_uniffi"))
        val wanted = "UnsatisfiedLinkError: spark-t2i $VERSION found its native part $what ($file): install both anew"
        // The second time as the first, and not "could not initialize class".
        assertEquals(listOf(wanted, wanted), told)
    }

    @Test
    fun `a system that there is no library for is named`(@TempDir folder: Path) {
        val told = said("io.github.sparkt2i.LoadingKt", folder, "-Djna.prefix=plan9-vax")
        assertEquals(2, told.size)
        for (line in told) {
            val wanted = "UnsatisfiedLinkError: spark-t2i $VERSION found no native part that can be loaded on plan9-vax: "
            assertTrue(line.startsWith(wanted) && line != wanted) { line }
        }
    }

    private companion object {
        const val CONTRACT = "ffi_spark_t2i_uniffi_uniffi_contract_version"
        const val VERSION_OF_LIBRARY = "uniffi_spark_t2i_uniffi_fn_func_native_version"
    }
}
