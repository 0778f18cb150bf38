import Foundation

/// A decimal number with every digit that the service wrote, trailing zeros included.
///
/// It is for those who must tell again what the service told. For sums there is ``decimal``, or `cost` where this is `exactCost`.
public struct ExactDecimal: Sendable, Hashable, CustomStringConvertible {
    /// The number, such as `0.0350`: digits with at most one point and no exponent.
    public let description: String

    init(told: String) {
        description = told
    }

    /// The number, exactly. `Decimal.nan` where it has more digits than a `Decimal` holds (38): it is never rounded.
    public var decimal: Decimal {
        guard let number = Decimal(string: description), same(number.description, description) else {
            return .nan
        }
        return number
    }
}

/// Whether two texts are the same number, but for zeros that say nothing.
private func same(_ one: String, _ other: String) -> Bool {
    func plain(_ text: String) -> Substring {
        var digits = text[...]
        let isNegative = digits.hasPrefix("-")
        digits = digits.drop { $0 == "-" || $0 == "0" }
        if digits.contains(".") {
            while digits.last == "0" { digits.removeLast() }
            if digits.last == "." { digits.removeLast() }
        }
        return digits.isEmpty ? "0" : isNegative ? "-" + digits : digits
    }
    return plain(one) == plain(other)
}
