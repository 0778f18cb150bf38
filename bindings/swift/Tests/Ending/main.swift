import Foundation
import SparkT2I

// A program that ends while a hundred calls are under way; its argument is the address of a service that takes its time.

let client = try Client(apiKey: "any", baseURL: URL(string: CommandLine.arguments[1]), maxRequestsPerSecond: 0)
for number in 1...100 {
    Task { try await client.generate("a red fox, number \(number)") }
}
while try client.stats().waiting < 100 {
    try await Task.sleep(for: .milliseconds(10))
}
print("waiting")
