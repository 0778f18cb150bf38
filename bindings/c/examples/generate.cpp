#include <iostream>
#include <spark_t2i.hpp>

int main() {
  try {
    spark_t2i::Client client;  // SPARK_T2I_API_KEY
    auto image = client.generate(spark_t2i::Request("a red fox in the snow").size("16:9-2k").seed(42));
    spark_t2i::SaveOptions options;
    options.overwrite = true;
    std::cout << image.save("fox.png", options).path << '\n';
  } catch (const spark_t2i::Exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
