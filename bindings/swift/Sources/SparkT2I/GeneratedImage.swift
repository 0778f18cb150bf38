import Foundation

/// A finished image at the service. A handle: nothing is downloaded before ``data(timeout:)`` or
/// ``save(to:overwrite:addExtension:timeout:)``. Images are compared by task and address.
///
/// (It is not called `Image`, which is SwiftUI's.)
public struct GeneratedImage: Sendable {
    private let native: NativeImage
    private let about: NativeAboutImage

    init(_ native: NativeImage) {
        self.native = native
        about = native.about()
    }

    /// The id of the task that made it.
    public var taskId: String { about.taskId }

    /// Where the image lies, as the service wrote it. Such addresses may expire.
    public var url: String { about.url }

    /// The size of the file in bytes, where the service told it.
    public var size: UInt64? { about.size }

    /// The identifier of the job behind the task.
    public var jobId: String? { about.jobId }

    /// The width in pixels that was asked for; nil for a task taken up by its id.
    public var width: Int? { about.width.map(Int.init) }

    /// The height in pixels that was asked for; nil for a task taken up by its id.
    public var height: Int? { about.height.map(Int.init) }

    /// What the task used and cost, where the service told it.
    public var usage: Usage? { about.usage }

    /// The cost in USD, where the service told it; see ``Usage/cost``.
    public var cost: Decimal? { about.usage?.cost }

    /// What the service said of the task, its raw JSON included.
    public var snapshot: TaskSnapshot { native.snapshot() }

    /// Fetches the image into memory: whole, checked against its promised size and its own signature; 64 MiB at most.
    ///
    /// - Parameter timeout: In place of the client's `waitTimeout`.
    /// - Throws: ``SparkT2IError/download(_:)`` when it cannot be fetched or is no whole image; it has the task's id, by which the
    ///   image can be fetched again. Timeout, cancelled.
    public func data(timeout: Duration? = nil) async throws -> Data {
        guard case .bytes(let bytes) = try await finish(told { try native.bytes(timeout: timeout) })
        else { throw unexpected() }
        return bytes
    }

    /// Fetches the image into a file, which is whole or absent: written beside the target, checked, synced, renamed.
    ///
    /// - Parameters:
    ///   - url: The URL of a file. Its folder has to be there.
    ///   - overwrite: Replaces a file that is there already, at once and whole. By default such a file is not touched.
    ///   - addExtension: Adds the extension of the image's own format to the path.
    ///   - timeout: In place of the client's `waitTimeout`.
    /// - Throws: ``SparkT2IError/io(_:)`` when the target exists or cannot be written; else as ``data(timeout:)``.
    @discardableResult
    public func save(
        to url: URL, overwrite: Bool = false, addExtension: Bool = false, timeout: Duration? = nil
    ) async throws -> Saved {
        let path = try path(url, "the target")
        let call = try told {
            try native.save(path: path, overwrite: overwrite, addExtension: addExtension, timeout: timeout)
        }
        guard case .saved(let saved) = try await finish(call) else { throw unexpected() }
        return Saved(
            url: URL(fileURLWithPath: saved.path), bytes: saved.bytes, format: saved.format,
            width: saved.width.map(Int.init), height: saved.height.map(Int.init)
        )
    }
}

extension GeneratedImage: Hashable, CustomStringConvertible {
    public static func == (one: Self, other: Self) -> Bool {
        one.taskId == other.taskId && one.url == other.url
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(taskId)
        hasher.combine(url)
    }

    public var description: String { "GeneratedImage(of task \(taskId), \(url))" }
}

/// A file that was saved: whole, checked and synced.
public struct Saved: Sendable, Hashable {
    /// Where it is.
    public let url: URL
    /// Its length in bytes.
    public let bytes: UInt64
    /// What it is by its own signature, such as `png`.
    public let format: String
    /// Pixels from left to right, where its head tells them (PNG).
    public let width: Int?
    /// Pixels from top to bottom, where its head tells them (PNG).
    public let height: Int?
}
