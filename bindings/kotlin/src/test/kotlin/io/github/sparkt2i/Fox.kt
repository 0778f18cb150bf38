package io.github.sparkt2i

import io.github.sparkt2i.testing.Emulator
import java.nio.file.Path
import kotlin.time.Duration.Companion.milliseconds
import kotlinx.coroutines.runBlocking

/** The first example of the README as a program of its own; its argument is the folder that it saves into. */
public fun main(arguments: Array<String>): Unit = runBlocking { fox(Path.of(arguments.single())) }

internal suspend fun fox(folder: Path) {
    // README
    Emulator(latency = 50.milliseconds).use { emulator ->
        Client(apiKey = "any", baseUrl = emulator.url).use { client ->
            val image = client.generate("a red fox in the snow", size = Size.WIDESCREEN_2K, seed = 42)
            val saved = image.save(folder.resolve("fox.png"))
            println("${saved.path.fileName}: ${saved.width} × ${saved.height}, ${image.cost} USD")
        }
    }
    // README
}
