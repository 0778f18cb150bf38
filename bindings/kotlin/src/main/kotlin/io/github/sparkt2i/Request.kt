package io.github.sparkt2i

/** Width and height of an image in pixels. */
public data class Size(val width: Int, val height: Int) {
    override fun toString(): String = "${width}x$height"

    public companion object {
        /** 1:1, the default. */
        public val SQUARE: Size = Size(1328, 1328)

        /** 4:3. */
        public val LANDSCAPE: Size = Size(1472, 1104)

        /** 16:9. */
        public val WIDESCREEN: Size = Size(1664, 936)

        /** 3:4. */
        public val PORTRAIT: Size = Size(1104, 1472)

        /** 9:16. */
        public val TALL: Size = Size(936, 1664)

        /** 1:1, larger. */
        public val SQUARE_2K: Size = Size(2048, 2048)

        /** 4:3, larger. */
        public val LANDSCAPE_2K: Size = Size(2304, 1728)

        /** 16:9, larger. */
        public val WIDESCREEN_2K: Size = Size(2560, 1440)

        /** 3:4, larger. */
        public val PORTRAIT_2K: Size = Size(1728, 2304)

        /** 9:16, larger. */
        public val TALL_2K: Size = Size(1440, 2560)

        /**
         * The size that a text says: a preset of the specification such as `21:9` or `16:9-2k`, or `2560x1440`.
         *
         * @throws SparkT2iException.InvalidRequest with what the text may be.
         */
        public fun of(text: String): Size = told {
            val size = nativeSize(text.wellFormed("size"))
            Size(size.width.toInt(), size.height.toInt())
        }
    }
}

/**
 * A request; what is null is left to the service. See [Client.generate] for what each parameter may be. Nothing is checked
 * before it is sent, or [validate] is called.
 */
public data class Request(
    val prompt: String,
    val width: Int? = null,
    val height: Int? = null,
    val seed: Long? = null,
    val usePreLlm: Boolean? = null,
    val model: String? = null,
) {
    public constructor(
        prompt: String,
        size: Size,
        seed: Long? = null,
        usePreLlm: Boolean? = null,
        model: String? = null,
    ) : this(prompt, size.width, size.height, seed, usePreLlm, model)

    /** Checks the request by the rules of the specification; nothing is sent. Every violation is reported. */
    public fun validate(): Report = told { nativeValidate(lower()) }

    internal fun lower() = NativeRequest(
        prompt = prompt.takeIf { it.isWellFormed() },
        width = width?.toLong(),
        height = height?.toLong(),
        seed = seed,
        usePreLlm = usePreLlm,
        model = model?.wellFormed("model"),
    )
}

/**
 * Checks parameters in JSON, such as `{"prompt": "a fox", "seed": 42}`, by the rules of the specification; nothing is sent. A
 * name that is no parameter of the specification is a violation too.
 */
public fun validateJson(parameters: String): Report = told {
    // Half a surrogate pair stands in JSON as an escape, and gets the verdict on that.
    nativeValidateJson(if (parameters.isWellFormed()) parameters else parameters.escapedHalves())
}

/** Whether no rule is broken. */
public val Report.isValid: Boolean get() = violations.isEmpty()

internal fun request(
    prompt: String,
    size: Size?,
    width: Int?,
    height: Int?,
    seed: Long?,
    usePreLlm: Boolean?,
    model: String?,
): Request {
    require(size == null || (width == null && height == null)) { "size stands in place of width and height: give one or the other" }
    return Request(prompt, size?.width ?: width, size?.height ?: height, seed, usePreLlm, model)
}

/** Whether it holds no half of a surrogate pair, which no other encoding can tell. */
internal fun String.isWellFormed(): Boolean {
    var index = 0
    while (index < length) {
        val letter = this[index++]
        if (letter.isSurrogate()) {
            if (!letter.isHighSurrogate() || index == length || !this[index].isLowSurrogate()) return false
            index++
        }
    }
    return true
}

internal fun String.wellFormed(name: String): String =
    if (isWellFormed()) this else throw invalidRequest("$name is not well-formed Unicode: it holds half a surrogate pair")

private fun String.escapedHalves(): String = buildString {
    this@escapedHalves.forEachIndexed { index, letter ->
        val before = this@escapedHalves.getOrNull(index - 1)
        val after = this@escapedHalves.getOrNull(index + 1)
        val half = (letter.isHighSurrogate() && after?.isLowSurrogate() != true) ||
            (letter.isLowSurrogate() && before?.isHighSurrogate() != true)
        if (half) append("\\u").append(letter.code.toString(16)) else append(letter)
    }
}
