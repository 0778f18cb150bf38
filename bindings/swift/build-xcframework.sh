#!/bin/sh
# The XCFramework of the native part, for iOS, its simulator and macOS, and a Swift package that names it:
#
#     bindings/swift/build-xcframework.sh [URL]
#
# It needs a Mac with Xcode and rustup. URL is the address at which the zip will lie; without one the package that is written has
# no address yet. Everything goes to target/swift-package:
#
#     SparkT2IFFI.xcframework       for SPARK_T2I_XCFRAMEWORK
#     SparkT2IFFI.xcframework.zip   to be put at URL
#     SparkT2I/                     the package, for a repository of its own: SwiftPM wants the manifest at a repository's root
#
# Written by the tools' documentation, and not run yet.
set -eu

url=${1:-https://example.invalid/SparkT2IFFI.xcframework.zip}
swift=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$swift/../.." && pwd)
target=${CARGO_TARGET_DIR:-$checkout/target}
out=$target/swift-package
# As Package.swift says.
export IPHONEOS_DEPLOYMENT_TARGET=16.0
export MACOSX_DEPLOYMENT_TARGET=13.0

rm -rf "$out"
mkdir -p "$out/headers/SparkT2IFFI" "$out/simulator" "$out/macos"

for triple in aarch64-apple-ios aarch64-apple-ios-sim x86_64-apple-ios aarch64-apple-darwin x86_64-apple-darwin; do
    rustup target add "$triple"
    cargo build --manifest-path "$checkout/Cargo.toml" --locked --profile mobile --package spark-t2i-uniffi --lib \
        --target "$triple" --target-dir "$target"
done

library() {
    echo "$target/$1/mobile/libspark_t2i_uniffi.a"
}
# One library for each platform, with both of its processors.
lipo -create "$(library aarch64-apple-ios-sim)" "$(library x86_64-apple-ios)" -output "$out/simulator/libspark_t2i_uniffi.a"
lipo -create "$(library aarch64-apple-darwin)" "$(library x86_64-apple-darwin)" -output "$out/macos/libspark_t2i_uniffi.a"

# In a folder of their own: the headers of all XCFrameworks of a program come to lie in one. The library is linked as part of the
# framework; what it needs of the system is named here.
cp "$swift/Sources/SparkT2IFFI/SparkT2IFFI.h" "$out/headers/SparkT2IFFI/"
cat > "$out/headers/SparkT2IFFI/module.modulemap" <<'END'
module SparkT2IFFI {
    header "SparkT2IFFI.h"
    link framework "CoreFoundation"
    link framework "Security"
    link framework "SystemConfiguration"
    export *
}
END
xcodebuild -create-xcframework \
    -library "$(library aarch64-apple-ios)" -headers "$out/headers" \
    -library "$out/simulator/libspark_t2i_uniffi.a" -headers "$out/headers" \
    -library "$out/macos/libspark_t2i_uniffi.a" -headers "$out/headers" \
    -output "$out/SparkT2IFFI.xcframework"

(cd "$out" && zip --quiet --recurse-paths --symlinks SparkT2IFFI.xcframework.zip SparkT2IFFI.xcframework)
checksum=$(swift package compute-checksum "$out/SparkT2IFFI.xcframework.zip")

mkdir "$out/SparkT2I"
cp -R "$swift/Sources" "$swift/README.md" "$checkout/LICENSE-MIT" "$checkout/LICENSE-APACHE" "$out/SparkT2I/"
# The tests need the emulator and the checkout, and stay here.
sed -e "s|^let released: .*|let released: (url: String, checksum: String)? = (\"$url\", \"$checksum\")|" \
    -e '/\.testTarget(/d' "$swift/Package.swift" > "$out/SparkT2I/Package.swift"
grep -q "$checksum" "$out/SparkT2I/Package.swift"
echo "$out/SparkT2IFFI.xcframework.zip"
echo "checksum $checksum"
