// swift-tools-version: 5.9
import PackageDescription

// The native part, which is Rust:
//
// - On Apple's systems an XCFramework. A release names its address and checksum here (`build-xcframework.sh` writes such a
//   manifest); `SPARK_T2I_XCFRAMEWORK` names one that lies below this folder.
// - Elsewhere, and without either, `libspark_t2i_uniffi` of the system, as `cargo build` makes it. The linker looks for it where
//   `-Xlinker -L…` or `LIBRARY_PATH` says. No flag for that stands here: SwiftPM refuses a dependency with such flags.
let released: (url: String, checksum: String)? = nil
let local = Context.environment["SPARK_T2I_XCFRAMEWORK"]

var native: Target = .systemLibrary(name: "SparkT2IFFI")
#if os(macOS)
if let local {
    native = .binaryTarget(name: "SparkT2IFFI", path: local)
} else if let released {
    native = .binaryTarget(name: "SparkT2IFFI", url: released.url, checksum: released.checksum)
}
#endif

// What language mode 6 demands anyway.
let strict: [SwiftSetting] = [.enableExperimentalFeature("StrictConcurrency")]
// The tests compile it in both.
let modes: [SwiftVersion] = Context.environment["SPARK_T2I_SWIFT_MODE"] == "5" ? [.v5] : [.v5, .version("6")]

let package = Package(
    name: "SparkT2I",
    platforms: [.macOS(.v13), .iOS(.v16)],
    products: [
        .library(name: "SparkT2I", targets: ["SparkT2I"]),
        .library(name: "SparkT2ITesting", targets: ["SparkT2ITesting"]),
    ],
    targets: [
        native,
        .target(name: "SparkT2I", dependencies: ["SparkT2IFFI"], swiftSettings: strict),
        .target(name: "SparkT2ITesting", dependencies: ["SparkT2I"], swiftSettings: strict),
        .testTarget(name: "SparkT2ITests", dependencies: ["SparkT2I", "SparkT2ITesting"], swiftSettings: strict),
    ],
    swiftLanguageVersions: modes
)

// A program that the tests start: nobody who uses the package shall see it.
if Context.environment["SPARK_T2I_TESTS"] != nil {
    package.targets.append(
        .executableTarget(name: "Ending", dependencies: ["SparkT2I"], path: "Tests/Ending", swiftSettings: strict)
    )
}
