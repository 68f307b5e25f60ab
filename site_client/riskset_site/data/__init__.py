"""From a hospital's export and its site file to the arrays that analyses see."""
