#!/bin/sh
# The Android library (AAR), and the POM that goes with it. Nothing is written into the checkout.
#
#   build-aar.sh                              builds all of it; needs Rust (rustup), a JDK, Maven, and Android's NDK where
#                                             ANDROID_NDK_HOME says
#   build-aar.sh assemble LIBRARIES JAR OUT   puts it together from LIBRARIES/ABI/libspark_t2i_uniffi.so and the classes of
#                                             the jar for the JVM
#
# ABIS: which ABIs it holds; by default all four. What `cargo xtask test kotlin` runs is the second, with the library of
# Linux as that of one ABI. The first was only written.
set -eu

CARGO_NDK=4.1.2
MIN_SDK=26
ABIS=${ABIS:-arm64-v8a armeabi-v7a x86_64 x86}
LIBRARY=libspark_t2i_uniffi.so
module=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$module/../.." && pwd)

fail() {
    echo "build-aar.sh: $1" >&2
    exit 1
}

# A value of the module's own POM; of several the first.
value() {
    sed -n "s:.*<$1>\(.*\)</$1>.*:\1:p" "$module/pom.xml" | sed -n 1p
}

check() {
    abi=$1
    file=$2
    [ -f "$file" ] || fail "$file is not there"
    case $abi in
    arm64-v8a) machine=AArch64 ;;
    armeabi-v7a) machine=ARM ;;
    x86_64) machine='Advanced Micro Devices X86-64' ;;
    x86) machine='Intel 80386' ;;
    *) fail "$abi is no ABI of Android" ;;
    esac
    found=$("${READELF:-readelf}" -hW "$file" | sed -n 's/^ *Machine: *//p')
    [ "$found" = "$machine" ] || fail "$file is not for $abi, but for ${found:-nothing that is known}"
    alignments=$("${READELF:-readelf}" -lW "$file" | awk '$1 == "LOAD" { print $NF }')
    [ -n "$alignments" ] || fail "$file has nothing to load"
    for alignment in $alignments; do
        [ $((alignment)) -ge 16384 ] || fail "$file is not aligned to pages of 16 KB: a segment has $alignment"
    done
}

assemble() {
    libraries=$1
    jar=$2
    out=$3
    version=$(value version)
    name=spark-t2i-android-$version
    rm -rf "$out"
    mkdir -p "$out/staged/META-INF/com/android/build/gradle" "$out/classes"
    out=$(CDPATH='' cd -- "$out" && pwd)
    jar=$(CDPATH='' cd -- "$(dirname -- "$jar")" && pwd)/$(basename -- "$jar")
    for abi in $ABIS; do
        check "$abi" "$libraries/$abi/$LIBRARY"
        mkdir -p "$out/staged/jni/$abi"
        cp "$libraries/$abi/$LIBRARY" "$out/staged/jni/$abi/"
    done
    # The libraries of other systems stay behind.
    (cd "$out/classes" && jar --extract --file "$jar" io META-INF/spark-t2i.kotlin_module META-INF/LICENSE-APACHE META-INF/LICENSE-MIT)
    [ -f "$out/classes/io/github/sparkt2i/Client.class" ] || fail "$jar does not hold the classes"
    jar --create --no-manifest --file "$out/staged/classes.jar" -C "$out/classes" .
    cp "$module/android/AndroidManifest.xml" "$module/android/proguard.txt" "$out/staged/"
    # There are no resources.
    : >"$out/staged/R.txt"
    printf 'aarFormatVersion=1.0\naarMetadataVersion=1.0\nminCompileSdk=%s\n' "$MIN_SDK" \
        >"$out/staged/META-INF/com/android/build/gradle/aar-metadata.properties"
    jar --create --no-manifest --file "$out/$name.aar" -C "$out/staged" .
    for kind in sources javadoc; do
        cp "${jar%.jar}-$kind.jar" "$out/$name-$kind.jar"
    done
    pom "$version" >"$out/$name.pom"
    rm -rf "$out/staged" "$out/classes"
    echo "$out/$name.aar"
}

# The one of the jar, but for its name, its kind, what it is built with, and the kind of JNA.
pom() {
    cat <<POM
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
         xsi:schemaLocation="http://maven.apache.org/POM/4.0.0 https://maven.apache.org/xsd/maven-4.0.0.xsd">
  <modelVersion>4.0.0</modelVersion>
  <groupId>$(value groupId)</groupId>
  <artifactId>spark-t2i-android</artifactId>
  <version>$1</version>
  <packaging>aar</packaging>
  <name>spark-t2i-android</name>
  <description>$(value description), for Android</description>
  <url>$(value url)</url>
$(sed -n '/<licenses>/,/<\/scm>/p' "$module/pom.xml")
  <dependencies>
    <dependency><groupId>org.jetbrains.kotlin</groupId><artifactId>kotlin-stdlib</artifactId><version>$(value kotlin.version)</version></dependency>
    <dependency><groupId>org.jetbrains.kotlinx</groupId><artifactId>kotlinx-coroutines-core</artifactId><version>$(value coroutines.version)</version></dependency>
    <dependency><groupId>net.java.dev.jna</groupId><artifactId>jna</artifactId><version>$(value jna.version)</version><type>aar</type></dependency>
  </dependencies>
</project>
POM
}

build() {
    folder=${CARGO_TARGET_DIR:-$root/target}/kotlin/android
    mkdir -p "$folder"
    folder=$(CDPATH='' cd -- "$folder" && pwd)
    cd "$root"
    rustup target add aarch64-linux-android armv7-linux-androideabi x86_64-linux-android i686-linux-android
    cargo install --locked --version "$CARGO_NDK" cargo-ndk
    for abi in $ABIS; do
        # As small as may be, and without the emulator.
        cargo ndk --target "$abi" --platform "$MIN_SDK" --output-dir "$folder/libraries" \
            build --locked --profile mobile --package spark-t2i-uniffi --lib
    done
    cargo xtask package kotlin
    assemble "$folder/libraries" "$folder/../spark-t2i-$(value version).jar" "$folder/out"
}

case ${1:-} in
'') build ;;
assemble)
    [ $# -eq 4 ] || fail 'assemble LIBRARIES JAR OUT'
    assemble "$2" "$3" "$4"
    ;;
*) fail "unknown: $1" ;;
esac
