"""From a hospital's export and site file to the arrays that analyses use."""
