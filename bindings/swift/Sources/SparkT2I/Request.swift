import Foundation

/// Width and height of an image in pixels.
public struct Size: Sendable, Hashable, CustomStringConvertible {
    /// Pixels from left to right.
    public let width: Int
    /// Pixels from top to bottom.
    public let height: Int

    /// A size. The area lies in 512×512 to 2048×2048, the ratio in 1:3 to 3:1; nothing is checked here.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// The size that a text says: a preset of the specification such as `21:9` or `16:9-2k`, or `2560x1440`.
    ///
    /// - Throws: ``SparkT2IError/invalidRequest(_:)`` with what the text may be.
    public init(_ text: String) throws {
        let size = try told { try nativeSize(text: text) }
        self.init(width: Int(size.width), height: Int(size.height))
    }

    /// `2560x1440`.
    public var description: String { "\(width)x\(height)" }

    /// 1:1, the default.
    public static let square = Size(width: 1328, height: 1328)
    /// 4:3.
    public static let landscape = Size(width: 1472, height: 1104)
    /// 16:9.
    public static let widescreen = Size(width: 1664, height: 936)
    /// 3:4.
    public static let portrait = Size(width: 1104, height: 1472)
    /// 9:16.
    public static let tall = Size(width: 936, height: 1664)
    /// 1:1, larger.
    public static let square2K = Size(width: 2048, height: 2048)
    /// 4:3, larger.
    public static let landscape2K = Size(width: 2304, height: 1728)
    /// 16:9, larger.
    public static let widescreen2K = Size(width: 2560, height: 1440)
    /// 3:4, larger.
    public static let portrait2K = Size(width: 1728, height: 2304)
    /// 9:16, larger.
    public static let tall2K = Size(width: 1440, height: 2560)
}

/// A request; what is nil is left to the service. Nothing is checked before it is sent, or ``validate()`` is called.
public struct Request: Sendable, Hashable {
    /// 1 to 800 characters in Chinese or English, at most 120 recommended.
    public var prompt: String
    /// Pixels; with ``height``, or none of both. The default is 1328 × 1328.
    public var width: Int?
    /// Pixels; with ``width``, or none of both.
    public var height: Int?
    /// -1 for a random image (the default), or 1 to 2^63 - 1 for one that can be had again.
    public var seed: Int64?
    /// Whether the service expands the prompt first; its default is true.
    public var usePreLlm: Bool?
    /// Another model than `spark_t2i_3_0`.
    public var model: String?

    /// A request for an image of one of the sizes, or of the service's own.
    public init(_ prompt: String, size: Size? = nil, seed: Int64? = nil, usePreLlm: Bool? = nil, model: String? = nil) {
        self.init(
            prompt, width: size?.width, height: size?.height, seed: seed, usePreLlm: usePreLlm, model: model
        )
    }

    /// The same, with width and height apart.
    public init(
        _ prompt: String, width: Int?, height: Int?, seed: Int64? = nil, usePreLlm: Bool? = nil, model: String? = nil
    ) {
        self.prompt = prompt
        self.width = width
        self.height = height
        self.seed = seed
        self.usePreLlm = usePreLlm
        self.model = model
    }

    /// Checks the request by the rules of the specification; nothing is sent. Every violation is reported.
    ///
    /// - Throws: ``SparkT2IError/internal(_:)`` alone: a bug of ours.
    public func validate() throws -> Report {
        try told { try nativeValidate(request: lowered) }
    }

    var lowered: NativeRequest {
        NativeRequest(
            prompt: prompt, width: width.map(Int64.init), height: height.map(Int64.init), seed: seed, usePreLlm: usePreLlm,
            model: model
        )
    }
}

/// Checks parameters in JSON, such as `{"prompt": "a fox", "seed": 42}`, by the rules of the specification; nothing is sent. A
/// name that is no parameter of the specification is a violation too, and so is a text that is no JSON.
///
/// - Throws: ``SparkT2IError/internal(_:)`` alone: a bug of ours.
public func validate(json: String) throws -> Report {
    try told { try nativeValidateJson(json: json) }
}

extension Report {
    /// Whether no rule is broken.
    public var isValid: Bool { violations.isEmpty }
}

/// The path of a file; `name` says what it is for.
func path(_ url: URL, _ name: String) throws -> String {
    guard url.isFileURL else {
        throw SparkT2IError.invalid("\(name) must be the URL of a file, not of the scheme \(url.scheme ?? "none")")
    }
    return url.path
}
