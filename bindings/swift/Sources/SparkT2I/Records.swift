import Foundation

// What the generated records lack.

extension Status {
    /// Whether the task has ended and will not change any more.
    public var isTerminal: Bool { self == .completed || self == .failed }
}

extension Event {
    /// Whether this is the last event.
    public var isTerminal: Bool {
        switch kind {
        case .completed, .failed: true
        default: false
        }
    }
}

extension Usage {
    /// The total cost in USD. `Decimal.nan` where it has more digits than a `Decimal` holds exactly (38): see ``exactCost``.
    public var cost: Decimal? { exactCost?.decimal }

    /// The discount, as the service gave it; `Decimal.nan` as for ``cost``.
    public var discount: Decimal? { exactDiscount?.decimal }
}

extension Estimate {
    /// The cost. `Decimal.nan` where it has more digits than a `Decimal` holds exactly (38): see ``exactCost``.
    public var cost: Decimal { exactCost.decimal }

    /// The discount, as the service gave it; `Decimal.nan` as for ``cost``.
    public var discount: Decimal? { exactDiscount?.decimal }

    /// When it was made.
    public var updatedAt: Date? { updatedUnixMs.map { Date(timeIntervalSince1970: Double($0) / 1000) } }
}

extension Stats {
    /// The sum of the costs of the tasks seen completed, in USD. `Decimal.nan` where it has more digits than a `Decimal` holds
    /// exactly (38): see ``exactCost``.
    public var cost: Decimal { exactCost.decimal }
}

extension TaskSnapshot {
    /// When the task was created.
    public var createdAt: Date? { createdUnix.map { Date(timeIntervalSince1970: Double($0)) } }
}

extension Metadata {
    /// When it was queued.
    public var inQueueAt: Date? { inQueueUnix.map(Date.init(timeIntervalSince1970:)) }

    /// When the image was stored.
    public var uploadAt: Date? { uploadUnix.map(Date.init(timeIntervalSince1970:)) }

    /// When it was completed.
    public var completedAt: Date? { completedUnix.map(Date.init(timeIntervalSince1970:)) }
}
