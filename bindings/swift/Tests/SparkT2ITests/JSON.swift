import Foundation

/// JSON whose numbers keep their digits when they are written.
enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    init(parsing text: String) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
    }

    subscript(name: String) -> JSON? {
        if case .object(let fields) = self { fields[name] } else { nil }
    }

    /// The value with this name, unless it is not there or null.
    func given(_ name: String) -> JSON? {
        self[name].flatMap { $0 == .null ? nil : $0 }
    }

    var array: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
    var object: [String: JSON]? { if case .object(let fields) = self { fields } else { nil } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var int64: Int64? { if case .number(let digits) = self { Int64(digits) } else { nil } }
    var int: Int? { int64.flatMap(Int.init(exactly:)) }
    var double: Double? { if case .number(let digits) = self { Double(digits) } else { nil } }

    /// Compact, with nothing escaped that need not be.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let digits): digits
        case .string(let text): quoted(text)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let fields):
            "{" + fields.sorted { $0.key < $1.key }.map { quoted($0) + ":" + $1.text }.joined(separator: ",") + "}"
        }
    }
}

extension JSON: Decodable {
    init(from decoder: Decoder) throws {
        if let fields = try? decoder.container(keyedBy: Name.self) {
            let named = try fields.allKeys.map { ($0.stringValue, try fields.decode(JSON.self, forKey: $0)) }
            self = .object(Dictionary(uniqueKeysWithValues: named))
        } else if var elements = try? decoder.unkeyedContainer() {
            var found: [JSON] = []
            while !elements.isAtEnd {
                found.append(try elements.decode(JSON.self))
            }
            self = .array(found)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let bool = try? value.decode(Bool.self) {
                self = .bool(bool)
            } else if let number = try? value.decode(Int64.self) {
                self = .number(String(number))
            } else if let number = try? value.decode(UInt64.self) {
                self = .number(String(number))
            } else if let number = try? value.decode(Double.self) {
                self = .number(String(number))
            } else {
                self = .string(try value.decode(String.self))
            }
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue: Int) {
            nil
        }
    }
}

private func quoted(_ text: String) -> String {
    var written = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": written += "\\\""
        case "\\": written += "\\\\"
        case _ where scalar.value < 0x20: written += escape(UInt16(scalar.value))
        default: written.unicodeScalars.append(scalar)
        }
    }
    return written + "\""
}

private func escape(_ unit: UInt16) -> String {
    "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
}

/// JSON with everything escaped that is no printable ASCII.
func escaped(_ json: String) -> String {
    json.utf16.map { $0 > 126 ? escape($0) : String(UnicodeScalar(UInt8($0))) }.joined()
}

/// Whether two canonical forms are equal: texts exactly, numbers by value.
func same(_ one: JSON, _ other: JSON) -> Bool {
    switch (one, other) {
    case (.object(let one), .object(let other)):
        one.count == other.count && one.allSatisfy { name, value in other[name].map { same(value, $0) } ?? false }
    case (.array(let one), .array(let other)):
        one.count == other.count && zip(one, other).allSatisfy(same)
    case (.number, .number):
        one.double != nil && one.double == other.double
    // Not by `==` of texts, to which differently composed letters are the same.
    case (.string(let one), .string(let other)):
        Array(one.unicodeScalars) == Array(other.unicodeScalars)
    default:
        one == other
    }
}
